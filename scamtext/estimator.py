"""The scikit-learn estimator protocol, without importing scikit-learn."""

from __future__ import annotations

import inspect
from typing import Any, ClassVar, Self


class Estimator:
    """Parameters, metadata routing and tags of a binary classifier whose parameters are those of `__init__`."""

    _routed: ClassVar[tuple[str, ...]] = ()  # what `fit` takes beside X and y

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002
        """Return the parameters by name."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **params: Any) -> Self:
        """Change parameters; they take effect at the next `fit`."""
        unknown = params.keys() - self.get_params().keys()
        if unknown:
            raise ValueError(f"no parameters {sorted(unknown)}; there are {sorted(self.get_params())}")
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def get_metadata_routing(self) -> Any:
        """Say what `fit` takes beside X and y, for searches with metadata routing."""
        from sklearn.utils.metadata_routing import MetadataRequest

        request = MetadataRequest(owner=type(self).__name__)
        for name in self._routed:
            request.fit.add_request(param=name, alias=True)
        return request

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(multi_class=False),
            input_tags=InputTags(string=True, two_d_array=False),
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.get_params().items())})"
