// Draws itself from /openapi.json: so it follows the paths and fields of api.py.
const $ = (id) => document.getElementById(id);
const make = (tag, text = "", name = "") => {
  const made = document.createElement(tag);
  made.textContent = text; // never as HTML: an input or an answer may hold anything
  if (name) made.className = name;
  return made;
};

let api, route, schema, talk, turns = [], stopper;

// A schema behind its reference, and behind "or null"
const plain = (part) => {
  if (!part) return {};
  if (part.$ref) return { ...part, ...plain(part.$ref.split("/").slice(1).reduce((at, key) => at[key], api)), $ref: undefined };
  const real = (part.anyOf ?? []).filter((one) => one.type !== "null");
  return real.length === 1 ? { ...part, ...plain(real[0]), anyOf: undefined } : part;
};

// The route to try: one that answers in events, else the first one that takes JSON
function findRoute() {
  const found = Object.entries(api.paths)
    .filter(([path, methods]) => methods.post?.requestBody?.content["application/json"] && !path.includes("{"))
    .map(([path, { post }]) => ({ path, post, events: Boolean(post.responses["200"]?.content?.["text/event-stream"]) }));
  return found.find((one) => one.events) ?? found[0];
}

// A field that holds a conversation: a list of turns, {role, content} or [role, text]
function findTalk(properties) {
  for (const [name, part] of Object.entries(properties)) {
    const turn = plain(plain(part).items);
    const key = ["content", "text"].find((one) => turn.properties?.role && turn.properties[one]);
    const isPair = turn.prefixItems?.length === 2 && plain(turn.prefixItems[0]).enum?.includes("user");
    if (!key && !isPair) continue;
    const typed = Object.entries(properties).find(([, one]) => plain(one).type === "string");
    return {
      name, typed: typed?.[0], turn: (role, text) => (isPair ? [role, text] : { role, [key]: text }),
      text: (said) => (isPair ? said?.[1] : said?.[key]) ?? "",
    };
  }
}

// Of an answer what was said: by the usual names, else the first text
const spoken = (output) => {
  const name = ["answer", "text", "reply", "message", "content"].find((one) => typeof output?.[one] === "string");
  return output?.[name] ?? Object.values(output ?? {}).find((one) => typeof one === "string") ?? JSON.stringify(output);
};

function drawField(name, part, needed) {
  const { type, description, ...rest } = plain(part);
  const label = make("label", (rest.title ?? name) + (needed ? "" : " (optional)"));
  const either = type === "boolean" && part.anyOf ? [true, false] : null; // or null, which is neither
  const choices = rest.enum ?? (rest.const === undefined ? either : [rest.const]);
  const kind = { boolean: "checkbox", integer: "number", number: "number" }[type] ?? (rest.format === "date" ? "date" : "");
  const field = make(choices ? "select" : kind ? "input" : "textarea");
  if (kind && !choices) field.type = kind;
  if (type === "number") field.step = "any";
  for (const choice of choices ?? []) field.append(new Option(String(choice), JSON.stringify(choice)));
  if (choices && !needed) field.prepend(new Option("", ""));
  field.name = field.id = label.htmlFor = `field-${name}`;
  field.required = needed && type !== "boolean" && type !== "string";
  const hint = [description, type === "array" || type === "object" ? "As JSON." : ""].filter(Boolean).join(" ");
  if (hint) label.append(make("span", hint, "hint"));
  const place = talk && !needed ? $("more") : $("fields");
  place.append(label, field);
  $("more").hidden = !$("more").querySelector("label");
}

function drawForm() {
  const needed = schema.required ?? [];
  const properties = Object.entries(schema.properties ?? {}).filter(([name]) => name !== talk?.name);
  for (const [name, part] of properties) drawField(name, part, needed.includes(name));
  if (talk && !talk.typed) drawField(talk.name, { type: "string", title: "Message" }, true);
}

const fieldOf = (name) => $(`field-${name}`);

// What a field holds as JSON; undefined leaves it out
function read(name, part) {
  const field = fieldOf(name), { type, ...rest } = plain(part);
  if (field.type === "checkbox") return field.checked;
  const value = field.value;
  if (value === "" && !((schema.required ?? []).includes(name) && type === "string")) return undefined;
  if (field.tagName === "SELECT") return JSON.parse(value);
  if (type === "string" || rest.format) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value; // the API says what does not fit
  }
}

function readForm() {
  const given = {};
  for (const [name, part] of Object.entries(schema.properties ?? {}))
    given[name] = name === talk?.name ? [...turns] : read(name, part);
  if (talk && !talk.typed) given[talk.name].push(talk.turn("user", fieldOf(talk.name).value));
  return given;
}

// A whole input, defaults where it names none; `partly` leaves alone what it does not name
function fillForm(given, partly = false) {
  for (const [name, part] of Object.entries(schema.properties ?? {})) {
    if (partly && (!(name in given) || [talk?.name, talk?.typed].includes(name))) continue;
    const value = name in given ? given[name] : part.default, field = fieldOf(name);
    if (name === talk?.name) {
      turns = [...(value ?? [])];
      if (!talk.typed) field.value = talk.text(turns.pop());
    } else if (field.type === "checkbox") field.checked = Boolean(value);
    else if (field.tagName === "SELECT") field.value = value == null ? "" : JSON.stringify(value);
    else field.value = value == null ? "" : typeof value === "string" ? value : JSON.stringify(value, null, 1);
  }
}

// Any JSON as text, lists and pairs
function show(value) {
  if (value === null || value === undefined || value === "") return make("span", "–");
  if (typeof value !== "object") return make("span", String(value), "text");
  if (Array.isArray(value)) {
    const list = make("ul");
    for (const one of value) list.appendChild(make("li")).append(show(one));
    return value.length ? list : make("span", "none");
  }
  const pairs = make("dl");
  for (const [name, one] of Object.entries(value)) {
    pairs.append(make("dt", name.replaceAll("_", " ")));
    pairs.appendChild(make("dd")).append(show(one));
  }
  return pairs;
}

const dollars = (cost) => (cost == null ? "cost unknown" : `$${Number(cost).toFixed(4)}`);
const seconds = (time) => `${Number(time).toFixed(2)} s`;

function onEvent(entry, kind, data) {
  if (kind === "step") {
    const tools = (data.tool_calls ?? []).map((call) => `${call.name}(${JSON.stringify(call.arguments)})`);
    const said = [data.model, seconds(data.latency_s), dollars(data.cost_usd), ...tools].join(" · ");
    entry.steps.append(make("li", said));
  } else if (kind === "text") {
    entry.text.textContent += data;
  } else if (kind === "problem") {
    entry.end.replaceChildren(make("p", `${data.title}: ${data.detail}`, "problem"), make("p", `request ${data.request_id}`, "took"));
  } else {
    const output = data.output ?? data;
    entry.text.textContent = "";
    entry.end.replaceChildren(show(output));
    if (data.answered_by) {
      const took = [`by ${data.answered_by}`, `${data.calls} calls`, dollars(data.cost_usd), seconds(data.latency_s)];
      entry.end.append(make("p", took.join(" · "), "took"));
    }
    if (talk) {
      turns.push(talk.turn("user", entry.said), talk.turn("assistant", spoken(output)));
      fillForm(output, true); // a state that goes out and comes in again
    }
  }
}

async function readEvents(response, entry) {
  const pieces = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ;) {
    const { value, done } = await pieces.read();
    if (done) return;
    const events = (rest + value).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const line = (name) => event.split("\n").find((one) => one.startsWith(`${name}: `))?.slice(name.length + 2);
      if (line("data")) onEvent(entry, line("event"), JSON.parse(line("data")));
    }
  }
}

async function send(event) {
  event.preventDefault();
  if (stopper) return;
  const given = readForm(), typed = talk && fieldOf(talk.typed ?? talk.name);
  const entry = { said: typed ? typed.value : "", steps: make("ol", "", "steps"), text: make("p", "", "text"), end: make("div", "…") };
  const article = make("article");
  const texts = Object.values(given).filter((one) => one !== undefined).map((one) => (typeof one === "string" ? one : JSON.stringify(one)));
  article.append(make("p", talk ? entry.said : texts.join("\n"), "said"), entry.steps, entry.text, entry.end);
  talk ? $("log").append(article) : $("log").prepend(article);
  article.querySelector(".said").tabIndex = 0; // it scrolls, and a keyboard has to reach it
  article.scrollIntoView({ block: "nearest" });
  $("none").hidden = $("send").disabled = true;
  $("stop").hidden = false;
  stopper = new AbortController();
  try {
    const response = await fetch(route.path, {
      method: "POST", signal: stopper.signal, body: JSON.stringify(given), headers: { "content-type": "application/json" },
    });
    const kind = response.headers.get("content-type") ?? "";
    if (kind.includes("event-stream")) await readEvents(response, entry);
    else if (kind.includes("json")) onEvent(entry, response.ok ? "answer" : "problem", await response.json());
    else throw new Error(`${response.status} ${await response.text()}`);
    if (typed) typed.value = "";
  } catch (error) {
    const detail = error.name === "AbortError" ? "Stopped." : `There was no answer (${error.message}). Is the server still there?`;
    entry.end.replaceChildren(make("p", detail, "problem"));
  }
  stopper = undefined;
  $("send").disabled = false;
  $("stop").hidden = true;
}

async function start() {
  api = await (await fetch("../openapi.json")).json();
  const { status, solver, model } = await (await fetch("../health")).json();
  document.title = $("title").textContent = api.info.title.replaceAll("_", " ");
  $("about").textContent = [status, solver, solver === "baseline" ? "no model" : model].join(" · ");
  route = findRoute();
  if (!route) throw new Error("api.py has no POST route that takes JSON");
  const content = route.post.requestBody.content["application/json"];
  schema = plain(content.schema);
  talk = findTalk(schema.properties ?? {});
  drawForm();
  fillForm({});
  for (const [name, { value }] of Object.entries(content.examples ?? {})) {
    const sample = make("button", name);
    sample.onclick = () => fillForm(value);
    $("samples").append(sample);
  }
  $("form").onsubmit = send;
  $("form").onkeydown = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("form").requestSubmit();
  };
  $("stop").onclick = () => stopper?.abort();
  $("fresh").hidden = !talk;
  $("fresh").onclick = () => {
    fillForm({});
    $("log").replaceChildren();
  };
}

start().catch((error) => {
  $("none").textContent = `The page could not be drawn: ${error.message}.`;
  $("none").className = "problem";
});
