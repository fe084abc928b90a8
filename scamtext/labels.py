"""The values of labels, risks, cue kinds, scam types and honest kinds, as records and files hold them."""

from __future__ import annotations

SCAM, LEGIT, UNKNOWN = "scam", "legit", "unknown"
HIGH, WATCH, LOW = "high", "watch", "low"
WORDING = "wording"  # evidence that is the model's own choice of words, not a cue
CUE_KINDS = (
    "threat",
    "agency",
    "money_request",
    "credential_request",
    "secrecy",
    "urgency",
    "remote_app",
    "channel_switch",
    "reward",
)
SCAM_TYPES = (
    "authority", "telecom", "bank", "egov", "parcel", "emergency", "prize",
    "job", "investment", "loan", "utility", "recovery", "intimate", "other",
)  # fmt: skip
HARD_KINDS = (
    "bank_service", "debt_reminder", "police", "court_state", "tax_social", "hospital", "school",
    "family_money", "order_deposit", "courier", "telesales", "telecom_service", "utility_service",
    "job_real", "investment_real", "victim_story", "warning", "joking", "charity_real",
)  # fmt: skip
PLAIN_KINDS = (
    "booking", "shopping", "clinic", "salon", "repair", "school_life", "work", "chat",
    "transport", "farm_trade", "service_survey", "voicemail",
)  # fmt: skip
FORMS = ("dialogue", "asr", "one_side", "nodia")
REGIONS = ("bac", "trung", "nam")
