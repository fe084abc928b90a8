"use strict";
// Draws the page from the JSON that stands in it. What was said in calls goes in as text, never as HTML.

const PAGE = 50; // calls on a page of the list
const BINS = 10; // of the histogram
const STRONG = 0.3; // log-odds from which a mark is dark

const byId = (id) => document.getElementById(id);
const every = (selector) => [...document.querySelectorAll(selector)];
const embedded = JSON.parse(byId("page").textContent);
const view = { lang: embedded.lang, query: "", order: "high_first", page: 0 };
const calls = readCalls();
const FACETS = [
  makeFacet("risk", (call) => call.risk, "risks"),
  makeFacet("label", (call) => call.label, "labels"),
  makeFacet("probability", bin),
  makeFacet("type", (call) => call.type, "types"),
  makeFacet("kind", (call) => call.kinds, "kinds"),
];
const ORDERS = {
  high_first: (a, b) => b.probability - a.probability,
  low_first: (a, b) => a.probability - b.probability,
  input_order: null,
};
let sorted = [];
let shown = [];

// ---- data

function readCalls() {
  const found = [];
  for (const node of every("script.records")) {
    for (const record of JSON.parse(node.textContent)) {
      found.push({ kinds: [], marks: [], reasons: [], label: "set_aside", ...record, number: found.length + 1 });
    }
    node.remove(); // the text is not needed twice
  }
  return found;
}

// What is compared in a search: no marks on letters, nothing invisible, "đ" as "d".
function fold(text) {
  const letters = text.normalize("NFD").replace(/[\p{M}\p{Cf}\p{Cs}]/gu, "").toLowerCase();
  return letters.replaceAll("đ", "d").replace(/\s+/g, " ");
}

function folded(call) {
  const parts = [...(call.turns ?? []), ...call.marks];
  call.folded ??= fold([call.id, call.error, ...parts.map((part) => part.text)].join("\n"));
  return call.folded;
}

function bin(call) {
  return call.risk ? Math.min(Math.floor(call.probability * BINS), BINS - 1) : null;
}

// ---- words

function say(key, table = "report") {
  const words = embedded.words[view.lang][table];
  return Object.hasOwn(words, key) ? words[key] : String(key);
}

const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const amount = (number) => number.toLocaleString(view.lang);

// Rounding must not make a certainty of what is none.
function percent(share) {
  const sign = share > 0.999 ? ">" : share < 0.001 ? "<" : "";
  const near = Math.min(Math.max(share, 0.001), 0.999);
  const format = { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 };
  return sign + near.toLocaleString(view.lang, format);
}

// A record has its reasons in one language; the sentence each was made from is found, and said in the page's.
function retell(reason) {
  for (const words of Object.values(embedded.words)) {
    for (const [key, sentence] of Object.entries(words.reasons)) {
      const [before, after] = sentence.split("{quote}");
      if (reason === sentence) return say(key, "reasons");
      if (after !== undefined && reason.startsWith(before) && reason.endsWith(after)) {
        return fill(say(key, "reasons"), { quote: reason.slice(before.length, reason.length - after.length) });
      }
    }
  }
  return reason;
}

function advice(call) {
  if (call.risk !== "high" && call.risk !== "watch") return [];
  const known = Object.hasOwn(embedded.words[view.lang].types, call.type) ? call.type : "other"; // or the owner's own
  const first = call.type ? [say(known, "advice")] : [];
  return [...first, say(call.risk === "watch" ? "watch" : "report", "advice")];
}

// ---- elements

function el(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

function makeButton(className, act, ...children) {
  const button = el("button", className, ...children);
  button.type = "button";
  button.addEventListener("click", act);
  return button;
}

// ---- a call

function mark(item, text) {
  const direction = item.negated ? "negated" : item.weight < 0 ? "honest" : "scam";
  const node = el("mark", Math.abs(item.weight ?? 1) < STRONG ? `${direction} weak` : direction, text);
  const denied = item.negated ? `${say("denied")}: ` : "";
  const weight = item.weight === undefined ? "" : ` (${item.weight > 0 ? "+" : ""}${item.weight.toFixed(2)})`;
  node.title = denied + say(item.kind, "kinds") + weight;
  if (item.kind !== "wording") node.dataset.tag = denied + say(`tag_${item.kind}`);
  return node;
}

// Offsets count code points, as Python does; where marks overlap, the stronger one stands.
function highlight(text, marks) {
  const characters = Array.from(text);
  const cut = (start, end) => characters.slice(start, end).join("");
  const taken = new Array(characters.length).fill(false);
  const standing = marks.filter(({ start, end }) => {
    const free = !taken.slice(start, end).includes(true);
    if (free) taken.fill(true, start, end);
    return free;
  });
  const pieces = [];
  let position = 0;
  for (const item of standing.sort((a, b) => a.start - b.start)) {
    pieces.push(cut(position, item.start), mark(item, cut(item.start, item.end)));
    position = item.end;
  }
  return [...pieces, cut(position)];
}

function drawTurn(speaker, ...words) {
  const name = speaker ? [el("span", "speaker", say(speaker, "speakers"))] : [];
  return el("p", `turn ${speaker ?? ""}`, ...name, el("span", "words", ...words));
}

function transcript(call) {
  if (!call.risk) return [el("h3", "", say("error")), el("p", "error", call.error)];
  if (call.turns) {
    const marksOf = (number) => call.marks.filter((item) => item.turn === number);
    return call.turns.map((turn, number) => drawTurn(turn.speaker, ...highlight(turn.text, marksOf(number))));
  }
  const quotes = call.marks.map((cue) => drawTurn(cue.speaker, mark(cue, cue.text)));
  return [el("h3", "", say("quotes")), ...quotes, el("p", "note", say("quotes_note"))];
}

function points(head, sentences) {
  return sentences.length ? [el("h3", "", head), el("ul", "", ...sentences.map((words) => el("li", "", words)))] : [];
}

// The inside of a call is made when it is opened first.
function complete(details) {
  if (details.querySelector(".body")) return;
  const call = calls[details.dataset.number - 1];
  const why = [...points(say("reasons"), call.reasons.map(retell)), ...points(say("advice", "words"), advice(call))];
  details.append(el("div", "body", el("section", "", ...transcript(call)), el("section", "why", ...why)));
}

function drawCall(call, open) {
  const bar = el("span", "bar");
  bar.style.width = `${100 * (call.probability ?? 0)}%`;
  const details = el("details", "", el(
    "summary", "",
    el("span", "number", amount(call.number)),
    el("bdi", "id", call.id ?? "–"),
    el("span", "badge", call.risk ? say(call.risk, "risks") : say("set_aside")),
    el("span", "probability", call.risk ? percent(call.probability) : "", bar),
    el("span", "type", call.type ? say(call.type, "types") : ""),
    el("span", "tags", ...call.kinds.map((kind) => el("span", "tag", say(`tag_${kind}`)))),
  ));
  details.dataset.number = call.number;
  details.addEventListener("toggle", () => details.open && complete(details));
  details.open = open;
  return el("li", `call ${call.risk ?? "set-aside"}`, details);
}

// ---- the distribution, which is the filter too

function makeFacet(name, of, table) {
  const valuesOf = (call) => [of(call) ?? []].flat();
  const found = new Set(calls.flatMap(valuesOf));
  const bins = [...Array(BINS).keys()].reverse();
  const known = table ? Object.keys(embedded.words.vi[table]).filter((value) => found.has(value)) : bins;
  return { name, table, valuesOf, values: new Set([...known, ...found]), chosen: new Set(), buttons: new Map() };
}

function nameOf(facet, value) {
  if (value === "set_aside") return say(value);
  return facet.table ? say(value, facet.table) : `${(value * 100) / BINS}–${((value + 1) * 100) / BINS} %`;
}

function drawFacet(facet) {
  for (const value of facet.values) {
    const choose = () => {
      if (!facet.chosen.delete(value)) facet.chosen.add(value);
      select();
    };
    const name = el("span", "name", nameOf(facet, value));
    const button = makeButton("facet", choose, el("span", "bar"), name, el("span", "count"));
    button.dataset.value = value;
    facet.buttons.set(value, button);
  }
  return el("fieldset", facet.name, el("legend", "", say(facet.name)), ...facet.buttons.values());
}

const passes = (facet, call) => !facet.chosen.size || facet.valuesOf(call).some((value) => facet.chosen.has(value));

// A bar counts the calls that all other filters let through, so it says what choosing it would give.
function updateFacet(facet, candidates) {
  const others = FACETS.filter((other) => other !== facet);
  const counts = new Map([...facet.values].map((value) => [value, 0]));
  for (const call of candidates.filter((one) => others.every((other) => passes(other, one)))) {
    for (const value of facet.valuesOf(call)) counts.set(value, counts.get(value) + 1);
  }
  const most = Math.max(1, ...counts.values());
  for (const [value, button] of facet.buttons) {
    button.setAttribute("aria-pressed", facet.chosen.has(value));
    button.querySelector(".bar").style.width = `${(100 * counts.get(value)) / most}%`;
    button.querySelector(".count").textContent = amount(counts.get(value));
  }
}

// ---- the list

function sort() {
  const compare = ORDERS[view.order];
  const aside = (call) => Number(!call.risk); // has no probability, so it comes last
  sorted = compare ? [...calls].sort((a, b) => aside(a) - aside(b) || compare(a, b) || a.number - b.number) : calls;
}

function select(page = 0) {
  const candidates = view.query ? sorted.filter((call) => folded(call).includes(view.query)) : sorted;
  shown = candidates.filter((call) => FACETS.every((facet) => passes(facet, call)));
  FACETS.forEach((facet) => updateFacet(facet, candidates));
  byId("clear").disabled = !view.query && FACETS.every((facet) => !facet.chosen.size);
  drawList(page);
}

// What was asked for, which paper does not show otherwise.
function filters() {
  const names = FACETS.flatMap((facet) => [...facet.chosen].map((value) => nameOf(facet, value)));
  return view.query ? [...names, `“${byId("search").value.trim()}”`] : names;
}

function drawList(page) {
  view.page = page;
  const open = new Set(every("#calls details[open]").map((details) => Number(details.dataset.number)));
  const first = page * PAGE;
  const rows = shown.slice(first, first + PAGE);
  byId("calls").replaceChildren(...rows.map((call) => drawCall(call, open.has(call.number))));
  const numbers = { first: amount(first + 1), last: amount(first + rows.length), shown: amount(shown.length) };
  const count = rows.length ? fill(say("shown"), numbers) : say("none");
  byId("shown").textContent = [count, ...filters()].join(" · ");
  every(".pager").forEach(drawPager);
}

function drawPager(nav) {
  const last = Math.max(0, Math.ceil(shown.length / PAGE) - 1);
  const make = (name, sign, page) => {
    const button = makeButton(name, () => turnTo(page), sign);
    button.title = button.ariaLabel = say(name);
    button.disabled = page < 0 || page > last || page === view.page;
    return button;
  };
  const place = fill(say("page"), { page: amount(view.page + 1), pages: amount(last + 1) });
  const back = [make("first", "«", 0), make("previous", "‹", view.page - 1)];
  nav.replaceChildren(...back, el("span", "", place), make("next", "›", view.page + 1), make("last", "»", last));
}

function turnTo(page) {
  drawList(page);
  byId("list-head").scrollIntoView();
  byId("calls").querySelector("summary").focus({ preventScroll: true });
}

// ---- all words of the page

function draw() {
  document.documentElement.lang = view.lang;
  document.title = `${say("title")}: ${embedded.source}`;
  for (const node of every("[data-say]")) node.textContent = say(node.dataset.say);
  for (const node of every("[data-label]")) node.setAttribute("aria-label", say(node.dataset.label));
  byId("search").placeholder = say("search");
  byId("totals").replaceChildren(...drawTotals());
  byId("legend").querySelector("ul").replaceChildren(...drawLegend());
  byId("facets").replaceChildren(...FACETS.map(drawFacet));
  select(view.page);
}

function drawTotals() {
  const total = (name, word, number) => el("div", name, el("dd", "", amount(number)), el("dt", "", word));
  const count = (risk) => calls.filter((call) => call.risk === risk).length;
  const risks = ["high", "watch", "low"].map((risk) => total(risk, say(risk, "risks"), count(risk)));
  return [total("total", say("total"), calls.length), ...risks, total("set-aside", say("set_aside"), count(undefined))];
}

function drawLegend() {
  const marks = [["scam", "toward_scam"], ["honest", "toward_honest"], ["scam weak", "weak"], ["negated", "negated"]];
  const kinds = Object.keys(embedded.words.vi.kinds).filter((kind) => kind !== "wording");
  return [
    ...marks.map(([className, word]) => el("li", "", el("mark", className, say(word)))),
    ...kinds.map((kind) => el("li", "", el("span", "tag", say(`tag_${kind}`)), ` ${say(kind, "kinds")}`)),
  ];
}

// ---- what people do

function step(by) {
  const rows = every(".call summary");
  const now = rows.indexOf(document.activeElement.closest(".call")?.querySelector("summary"));
  rows[Math.min(Math.max(now + by, 0), rows.length - 1)]?.focus();
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input, select")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const arrows = event.target.matches(".call summary") ? { ArrowDown: 1, ArrowUp: -1 } : {};
  const by = { j: 1, k: -1, ...arrows }[event.key];
  if (event.key === "/") byId("search").focus();
  else if (by) step(by);
  else return;
  event.preventDefault();
}

function search() {
  view.query = fold(byId("search").value).trim();
  select();
}

function clear() {
  FACETS.forEach((facet) => facet.chosen.clear());
  byId("search").value = "";
  search();
}

// On paper all calls of this page of the list are open.
function unfold() {
  const closed = every("#calls details:not([open]), #legend:not([open])");
  every("#calls details").forEach(complete);
  closed.forEach((details) => (details.open = true));
  addEventListener("afterprint", () => closed.forEach((details) => (details.open = false)), { once: true });
}

function listen() {
  let waiting;
  byId("search").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, 150);
  });
  byId("order").addEventListener("change", (event) => {
    view.order = event.target.value;
    sort();
    select();
  });
  byId("clear").addEventListener("click", clear);
  byId("language").addEventListener("click", () => {
    view.lang = view.lang === "vi" ? "en" : "vi";
    draw();
  });
  document.addEventListener("keydown", press);
  addEventListener("beforeprint", unfold);
}

byId("source").textContent = embedded.source;
byId("redacted").hidden = !embedded.redacted;
byId("filters").open = matchMedia("(min-width: 900px)").matches;
sort();
listen();
draw();
