"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const el = (id) => document.getElementById(id);
const gained = new Set(data.flipped.gained), lost = new Set(data.flipped.lost);
const PAGE = 200;
let matches = [], drawn = 0;

// Every text goes through textContent: what a case holds can only ever be shown.
function node(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function option(select, value, text) {
  const made = node("option", "", text);
  made.value = value;
  select.append(made);
}

function shown(value) {
  return value === null || value === undefined ? "–" : String(Math.round(value * 1000) / 1000);
}

function dollars(cost) {
  return cost === null || cost === undefined ? "cost unknown" : `$${Number(cost).toFixed(4)}`;
}

// Longest common subsequence over words; the texts are cut at 1 kB, so the table stays small.
function diff(a, b) {
  const x = a.match(/\s+|\w+|[^\s\w]/gu) || [], y = b.match(/\s+|\w+|[^\s\w]/gu) || [];
  const width = y.length + 1, length = new Uint16Array((x.length + 1) * width);
  for (let i = x.length - 1; i >= 0; i--)
    for (let j = y.length - 1; j >= 0; j--)
      length[i * width + j] = x[i] === y[j] ? length[(i + 1) * width + j + 1] + 1
        : Math.max(length[(i + 1) * width + j], length[i * width + j + 1]);
  const left = node("pre"), right = node("pre");
  let i = 0, j = 0;
  while (i < x.length || j < y.length) {
    if (i < x.length && j < y.length && x[i] === y[j]) { left.append(x[i++]); right.append(y[j++]); }
    else if (j >= y.length || (i < x.length && length[(i + 1) * width + j] >= length[i * width + j + 1]))
      left.append(node("del", "", x[i++]));
    else right.append(node("ins", "", y[j++]));
  }
  return [left, right];
}

function titled(title, content) {
  const part = node("div");
  part.append(node("h3", "", title), typeof content === "string" ? node("pre", "", content) : content);
  return part;
}

function body(c) {
  const box = node("div", "body"), facts = [];
  data.scores.forEach((name) => { if (name in c.scores) facts.push(`${name} ${shown(c.scores[name])}`); });
  facts.push(c.split, ...c.tags);
  if (c.group !== null) facts.push(`group ${c.group}`);
  if (!c.reviewed) facts.push("unreviewed");
  facts.push(dollars(c.cost_usd), `${c.latency_s.toFixed(2)} s`);
  box.append(node("small", "", facts.join(" · ")));
  if (c.error) box.append(titled(`Error: ${c.error_kind}`, c.error));
  box.append(titled("Input", c.input));
  const pair = node("div", "pair");
  const [left, right] = c.expected && c.output ? diff(c.expected, c.output)
    : [node("pre", "", c.expected || "none given"), node("pre", "", c.output || "none")];
  pair.append(titled("Expected", left), titled("Output", right));
  box.append(pair);
  c.calls.forEach((call, i) => {
    const sizes = `${call.input_tokens ?? 0} tokens in, ${call.output_tokens ?? 0} out`;
    const told = [sizes, dollars(call.cost_usd), `${(call.latency_s ?? 0).toFixed(2)} s`, call.finish_reason];
    const fold = node("details", "fold");
    fold.append(node("summary", "", [`Call ${i + 1}: ${call.model}`, ...told.filter(Boolean)].join(" · ")));
    fold.append(titled("Prompt", call.prompt));
    if (call.reply) fold.append(titled("Reply", call.reply));
    if (call.tool_calls) fold.append(titled("Tool calls", call.tool_calls));
    if (call.error) fold.append(titled("Error", call.error));
    box.append(fold);
  });
  if (c.hidden) box.append(node("p", "note", `${c.hidden} more calls are in cases.jsonl.`));
  return box;
}

function item(c) {
  const box = node("details", "case"), head = node("summary");
  const mark = c.error_kind || `${c.failed ? "✗" : "✓"} ${shown(c.scores[data.scores[0]])}`;
  head.append(node("span", c.failed ? "mark no" : "mark ok", mark), node("b", "", c.epoch ? `${c.id} · try ${c.epoch + 1}` : c.id));
  if (gained.has(c.id)) head.append(node("small", "better", "better than baseline"));
  if (lost.has(c.id)) head.append(node("small", "worse", "worse than baseline"));
  head.append(node("span", "peek", c.input.slice(0, 200)));
  box.append(head);
  box.addEventListener("toggle", () => { if (box.open && box.children.length === 1) box.append(body(c)); });
  return box;
}

function more() {
  el("list").querySelector(".more")?.remove();
  const next = matches.slice(drawn, drawn + PAGE);
  el("list").append(...next.map(item));
  drawn += next.length;
  if (drawn >= matches.length) return;
  const button = node("button", "more", `Show ${Math.min(PAGE, matches.length - drawn)} more`);
  button.addEventListener("click", more);
  el("list").append(button);
}

function filter() {
  const words = el("q").value.toLowerCase(), show = el("show").value, tag = el("tag").value;
  const at = el("score").value, low = el("min").value, high = el("max").value;
  matches = data.cases.filter((c) =>
    (!words || c.text.includes(words))
    && (!tag || c.tags.includes(tag))
    && (!show || (show === "fails" ? c.failed : show === "right" ? !c.failed : show === "gained" ? gained.has(c.id)
      : show === "lost" ? lost.has(c.id) : `kind ${c.error_kind}` === show))
    && (low === "" || c.scores[at] >= Number(low)) && (high === "" || (c.scores[at] ?? Infinity) <= Number(high)));
  el("count").textContent = `${matches.length} of ${data.cases.length} cases`;
  el("list").replaceChildren();
  drawn = 0;
  more();
}

for (const c of data.cases) c.text = [c.id, c.input, c.expected, c.output, c.error].join("\n").toLowerCase();
option(el("show"), "fails", "failures");
option(el("show"), "right", "right");
if (gained.size) option(el("show"), "gained", "better than baseline");
if (lost.size) option(el("show"), "lost", "worse than baseline");
for (const kind of new Set(data.cases.map((c) => c.error_kind).filter(Boolean))) option(el("show"), `kind ${kind}`, kind);
for (const tag of [...new Set(data.cases.flatMap((c) => c.tags))].sort()) option(el("tag"), tag, tag);
data.scores.forEach((name) => option(el("score"), name, name));
document.querySelector(".filters").addEventListener("input", filter);
document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select")) return;
  if (event.key === "/") { event.preventDefault(); el("q").focus(); }
  if (event.key !== "j" && event.key !== "k") return;
  const heads = [...document.querySelectorAll(".case > summary")];
  const at = heads.indexOf(document.activeElement.closest(".case")?.firstChild);
  heads[Math.max(0, Math.min(heads.length - 1, at + (event.key === "j" ? 1 : -1)))]?.focus();
});
addEventListener("beforeprint", () => { while (drawn < matches.length && drawn < 1000) more(); });
filter();
