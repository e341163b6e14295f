/** All that this page can do: calls of the control API. */
const CALLS = {
  health: "GET /health",
  listAccounts: "GET /accounts",
  openAccount: "POST /accounts",
  showAccount: "GET /accounts/{account_id}",
  fund: "POST /accounts/{account_id}/fund",
  setClock: "POST /clock",
  advance: "POST /clock/advance",
  call: "POST /calls",
  message: "POST /messages",
  listFaults: "GET /faults",
  setFault: "POST /faults",
  liftFault: "DELETE /faults/{fault_id}",
  listDeliveries: "GET /deliveries",
  replay: "POST /deliveries/{delivery_id}/replay",
  journal: "GET /journal",
  reset: "POST /reset",
};
const EFFECTS = [
  ["status", "an error answer", "Status", 503],
  ["latency", "a slow answer", "Seconds", 2],
  ["reset", "a broken connection"],
  ["truncate", "an answer cut short", "After bytes", 20],
  ["duplicate", "webhook: sent twice"],
  ["drop", "webhook: never sent"],
  ["delay", "webhook: late"],
  ["reorder", "webhook: after the next one"],
  ["bad_signature", "webhook: wrong signature"],
];
const STEPS = [["60", "+1 min"], ["3600", "+1 h"], ["86400", "+1 day"], ["month", "+1 month"], ["idle", "Until idle"]];
const MODES = [["frozen", "frozen"], ["real", "real time"], ["60", "×60: a minute a second"], ["3600", "×3600: an hour a second"]];
const TIMES = [["", "always"], ["first", "the first N"], ["every", "every Nth"], ["probability", "with a probability"]];
const POLL_SECONDS = 25;
const RETRY_MS = 1500;
const SETTLE_MS = 200;
const LOOK_MS = 5000;
const MOST_ENTRIES = 400;
const SHOWN_ACCOUNTS = 10;
const SHOWN_DELIVERIES = 50;
const DROPPED_HEADERS = new Set(["host", "content-length", "connection", "accept-encoding", "user-agent", "accept"]);

const DATA = JSON.parse(document.getElementById("data").textContent);
const VENDORS = new Map(DATA.vendors.map((vendor) => [vendor.name, vendor]));
const $ = (id) => document.getElementById(id);

/** An element, as in `el("div.row", {title: "…"}, …)`, with or without attributes. */
/** Children that are text become text nodes, so nothing that comes from outside is ever markup. */
function el(name, ...children) {
  const [tag, ...kinds] = name.split(".");
  const node = document.createElement(tag);
  node.className = kinds.join(" ");
  if (children[0]?.constructor === Object) {
    for (const [key, value] of Object.entries(children.shift())) {
      if (value === undefined || value === false) continue;
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else node.setAttribute(key, value === true ? "" : value);
    }
  }
  node.append(...children.flat().filter((child) => child || child === 0));
  return node;
}
const copyButton = () => el("button", { type: "button", "data-copy": true }, "Copy");
const copyable = (text) => el("span.copyable", el("code", text), copyButton());
const block = (text) => el("div.block", el("pre", { tabindex: "0" }, el("code", text)), copyButton());
const pill = (text) => el(`span.pill.${text}`, text);
const option = (value, text = value) => el("option", { value }, text);
const small = (...parts) => el("small", parts.flat().filter(Boolean).join(" · "));
const button = (label, work, kind = "") => el(`button.small.${kind}`, { type: "button", onclick: ({ target }) => act(target, work) }, label);
const steps = (account) => STEPS.map(([step, label]) => button(label, () => advance(step, account)));

// -- the control API ------

class Refused extends Error {
  constructor(status, message) { super(message); this.status = status; }
}

async function control(name, { ids = {}, query = {}, body, signal } = {}) {
  const [method, template] = CALLS[name].split(" ");
  const path = template.replace(/\{(\w+)\}/g, (_, id) => encodeURIComponent(ids[id]));
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const target = `/_ringback${path}${given.length ? `?${new URLSearchParams(given)}` : ""}`;
  const token = sessionStorage.getItem("ringback-token");
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(target, { method, headers, body: body && JSON.stringify(body), signal, cache: "no-store" });
  const said = await answer.json();
  if (answer.ok) return said;
  if (answer.status === 401) {
    await askForToken(token);
    return control(name, { ids, query, body, signal });
  }
  throw new Refused(answer.status, said.error.message);
}

let asking = null;
/** Resolves when there is a token other than the one that was refused. */
function askForToken(refused) {
  if (sessionStorage.getItem("ringback-token") !== refused) return Promise.resolve();
  asking ??= new Promise((resolve) => {
    const door = $("door");
    if (refused) toast("That token is not the right one.", true);
    door.onclose = () => {
      const token = $("token").elements.token.value.trim();
      if (!token) return door.showModal();
      sessionStorage.setItem("ringback-token", token);
      asking = null;
      resolve();
    };
    door.showModal();
  });
  return asking;
}

let fading;
function toast(text, bad = false) {
  const node = $("toast");
  node.textContent = text;
  node.className = bad ? "bad" : "";
  node.hidden = false;
  clearTimeout(fading);
  fading = setTimeout(() => { node.hidden = true; }, bad ? 8000 : 4000);
}

/** Run what a button or form stands for: it is disabled meanwhile, and an error is shown. */
async function act(button, work) {
  button.disabled = true;
  try {
    await work();
  } catch (error) {
    toast(error instanceof Refused ? error.message : "The emulator does not answer.", true);
  } finally {
    button.disabled = false;
    lookSoon();
  }
}
function onSubmit(form, work) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act(form.querySelector("button:not([type])"), () => work(form.elements));
  });
}

/** Show the parts of a form that are called for. */
function reveal(form, wanted) {
  for (const part of $(form).querySelectorAll("[data-for]")) part.hidden = !wanted[part.dataset.for];
}
/** Whether what a node shows is other than before: what is the same is not drawn again, and keeps its focus. */
function changed(node, data) {
  const shown = JSON.stringify(data);
  return node.shown !== shown && Boolean(node.shown = shown);
}
/** Fill a select; what was chosen stays. */
function choices(select, pairs) {
  if (!changed(select, pairs)) return;
  const chosen = select.value;
  select.replaceChildren(...pairs.map(([value, text]) => option(value, text)));
  if (pairs.some(([value]) => value === chosen)) select.value = chosen;
}

// -- clock ------

const clock = { mode: "frozen", now: 0, factor: 1, read: 0 };
const shownTime = (iso) => iso.slice(0, 19).replace("T", " ");
const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

function showClock(view) {
  Object.assign(clock, { factor: 1, ...view, now: Date.parse(view.now), read: performance.now() });
  const value = view.mode === "scaled" ? String(view.factor) : view.mode;
  choices($("mode"), MODES.some(([mode]) => mode === value) ? MODES : [...MODES, [value, `×${value}`]]);
  $("mode").value = value;
  tick();
}
function tick() {
  const passed = clock.mode === "frozen" ? 0 : (performance.now() - clock.read) * clock.factor;
  if (clock.read) $("now").textContent = shownTime(new Date(clock.now + passed).toISOString());
}
setInterval(tick, 250);

/** The same day and time a calendar month on, or the last day of a shorter month. */
function monthLater(iso) {
  const then = new Date(iso);
  const day = then.getUTCDate();
  then.setUTCMonth(then.getUTCMonth() + 1);
  if (then.getUTCDate() !== day) then.setUTCDate(0);
  return then.toISOString();
}

async function advance(step, account_id) {
  const body = account_id ? { account_id } : {};
  if (step === "idle") body.idle = true;
  else if (step === "month") {
    const { now } = account_id ? await control("showAccount", { ids: { account_id } }) : (await control("health")).clock;
    body.until = monthLater(now);
  } else body.seconds = Number(step);
  const moved = await control("advance", { body });
  toast(`Now ${shownTime(moved.now)}: ${plural(moved.fired, "thing")} happened, ${plural(moved.deliveries, "webhook attempt")}.`);
}
$("steps").append(...steps());
$("mode").addEventListener("change", ({ target }) => act(target, async () => {
  const factor = Number(target.value);
  showClock(await control("setClock", { body: factor ? { mode: "scaled", factor } : { mode: target.value } }));
}));
$("reset").append(button("Reset", async () => {
  if (!confirm("Forget every account, number, call and delivery, and start over with the seed accounts?")) return;
  await control("reset");
  location.reload();
}));

// -- vendors ------

const vendorCard = (vendor) => el("article.card.vendor",
  el("h2", vendor.title,
    el("a", { href: `${vendor.base_url}/docs` }, "contract"),
    el("a", { href: `${vendor.base_url}/openapi.yaml` }, "openapi.yaml")),
  el("dl", el("dt", "Base"), el("dd", copyable(vendor.base_url)),
    el("dt", "Key"), el("dd", vendor.key ? copyable(vendor.key) : "open an account to get one")),
  vendor.look && block(vendor.look));

// -- accounts ------

const accounts = new Map();

function accountNode({ account_id: id, vendor }) {
  const parts = {
    balance: el("span.balance"),
    now: el("time"),
    numbers: el("div"),
  };
  const amount = el("input", { name: "amount", value: "25.00", required: true, inputmode: "decimal", "aria-label": "Amount in USD, negative to take away" });
  const form = el("form", amount, el("button", "Add funds"));
  onSubmit(form, async () => {
    const { balance } = await control("fund", { ids: { account_id: id }, body: { amount: amount.value.trim() } });
    toast(`${id} has ${balance} USD.`);
  });
  const node = el("details.holder", { open: VENDORS.size === 1 && id.endsWith("_seed") },
    el("summary", el("code", id), el("small", vendor), parts.balance),
    el("div.inner",
      form,
      el("div", el("h3", "Numbers"), parts.numbers),
      el("div.own-clock", "Its own clock ", parts.now,
        el("div.steps", { role: "group", "aria-label": `Move on ${id} alone` }, steps(id))),
      el("p", button("Its timeline only", () => { follow(id); }))));
  return { id, vendor, node, parts, numbers: [] };
}

function showAccount(account, view) {
  const { parts } = account;
  parts.balance.textContent = `$${view.balance}`;
  parts.balance.classList.toggle("below", view.balance.startsWith("-"));
  if (!view.numbers) return;
  parts.now.textContent = shownTime(view.now);
  account.numbers = view.numbers;
  if (changed(parts.numbers, view.numbers)) parts.numbers.replaceChildren(...(view.numbers.length ? view.numbers.map((one) => numberRow(one)) : [noNumbers(account)]));
}
function numberRow(number) {
  return el("div.row", el("code", number.phone_number), pill(number.status),
    number.status === "active" && button("Ring", () => prepare(number.phone_number), "end"), small(number.id, number.webhook_url));
}
function noNumbers(account) {
  const vendor = VENDORS.get(account.vendor);
  const shown = vendor.key && vendor.provision && account.id === `acct_${vendor.name}_seed`;
  return el("div.empty", "No numbers yet. Get one with this account's key.", shown && block(vendor.provision));
}
function showNumbers() {
  const all = [...accounts.values()].flatMap((account) => account.numbers.filter((one) => one.status === "active")
    .map((one) => ({ ...one, vendor: account.vendor, account: account.id })));
  choices($("numbers"), all.map((one) => [one.phone_number, `${one.vendor} · ${one.account}`]));
  const to = $("ring").elements.to;
  if (!to.value && all.length && document.activeElement !== to) to.value = all[0].phone_number;
  $("no-numbers").hidden = all.length > 0;
  return all;
}

async function lookAtAccounts() {
  const { data } = await control("listAccounts");
  const seeds = data.filter((one) => one.account_id.endsWith("_seed"));
  const shown = [...new Set([...seeds, ...data])].slice(0, SHOWN_ACCOUNTS);
  for (const id of accounts.keys()) if (!shown.some((one) => one.account_id === id)) accounts.delete(id);
  for (const one of shown) {
    if (!accounts.has(one.account_id)) accounts.set(one.account_id, accountNode(one));
    showAccount(accounts.get(one.account_id), one);
  }
  if (changed($("accounts"), shown.map((one) => one.account_id))) $("accounts").replaceChildren(...shown.map((one) => accounts.get(one.account_id).node));
  $("account-count").textContent = data.length > shown.length ? `${shown.length} of ${data.length}` : "";
  const all = [["", "all accounts"], ...data.map((one) => [one.account_id, one.account_id])];
  choices($("journal-account"), all);
  choices($("fault").elements.account, all);
  await Promise.all([...accounts.values()].map(async (account) => showAccount(account, await control("showAccount", { ids: { account_id: account.id } }))));
  showNumbers();
}
onSubmit($("open"), async (fields) => {
  const made = await control("openAccount", { body: { vendor: fields.vendor.value, balance: fields.balance.value.trim() } });
  $("opened").replaceChildren(el("p", `${made.account_id} is open. Its key is shown this once:`), ...made.keys.map((key) => copyable(key.secret)));
});

// -- ringing ------

const ringing = { id: "", state: "" };

function prepare(number) {
  const { to } = $("ring").elements;
  to.value = number;
  $("ring").scrollIntoView({ block: "center" });
  to.focus();
}
function showRingForm() {
  const { kind, scenario } = $("ring").elements;
  const call = kind.value === "call";
  reveal("ring", { call, text: !call, own: scenario.value === "own" });
  $("ring").querySelector("button").textContent = call ? "Ring" : "Send";
}
/** One turn a line; without "agent:" or "caller:" they take turns, and the agent, who answers, begins. */
function spoken(text) {
  const turns = [];
  for (const line of text.split("\n").map((one) => one.trim()).filter(Boolean)) {
    const said = /^(agent|caller)\s*:\s*(.*)$/i.exec(line);
    const last = turns.at(-1)?.speaker ?? "caller";
    turns.push(said ? { speaker: said[1].toLowerCase(), text: said[2] } : { speaker: last === "agent" ? "caller" : "agent", text: line });
  }
  return turns;
}
function script(fields) {
  const own = { turns: spoken(fields.turns.value) };
  if (fields.outcome.value.trim()) own.outcome = fields.outcome.value.trim();
  if (fields.duration.value) own.duration = Number(fields.duration.value);
  return own;
}
/** Whose number it is, is found out by asking each vendor. */
async function arrive(name, to, body) {
  const owner = showNumbers().find((one) => one.phone_number === to)?.vendor;
  let refusal;
  for (const vendor of owner ? [owner] : VENDORS.keys()) {
    try {
      return await control(name, { body: { vendor, to, ...body } });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refusal ??= error;
    }
  }
  throw refusal;
}
$("ring").addEventListener("change", showRingForm);
onSubmit($("ring"), async (fields) => {
  const to = fields.to.value.trim();
  const body = { from: fields.from.value.trim() };
  if (fields.kind.value === "text") {
    const { message_id } = await arrive("message", to, { ...body, body: fields.body.value });
    $("rung").textContent = `${message_id} has come in.`;
    return;
  }
  const chosen = fields.scenario.value;
  if (chosen === "own") body.script = script(fields);
  else if (chosen) body.scenario = chosen;
  const { call_id } = await arrive("call", to, body);
  Object.assign(ringing, { id: call_id, state: "ringing" });
  showRinging();
});
function showRinging() {
  if (!ringing.id) return;
  const live = ["ringing", "in_progress"].includes(ringing.state);
  const hint = live && clock.mode === "frozen" ? " Time stands still: move it on." : "";
  $("rung").textContent = `${ringing.id.slice(0, 10)}… ${ringing.state.replace("_", " ")}.${hint}`;
}

// -- faults ------

const showFaults = ({ data }) => {
  $("no-faults").hidden = data.length > 0;
  if (changed($("faults"), data)) $("faults").replaceChildren(...data.map((fault) => el("li.row",
    el("strong", effectWords(fault.effect)),
    button("Lift", () => control("liftFault", { ids: { fault_id: fault.id } }), "end"),
    small(fault.vendor, fault.operation ?? fault.event ?? "everything", fault.account_id, strikes(fault), `met ${fault.met}, struck ${fault.struck}`))));
};
function effectWords(effect) {
  if (effect.webhook) return EFFECTS.find(([name]) => name === effect.webhook)[1];
  if (effect.status) return `${effect.status} ${effect.code ?? ""}`;
  if (effect.latency !== undefined) return `${effect.latency} s late`;
  return effect.reset ? "broken connection" : `cut after ${effect.truncate} bytes`;
}
function strikes(fault) {
  if (fault.first !== null) return `the first ${fault.first}`;
  if (fault.every !== null) return `every ${fault.every}.`;
  return fault.probability !== null ? `probability ${fault.probability}` : "always";
}
function showFaultForm(event) {
  const fields = $("fault").elements;
  const vendor = VENDORS.get(fields.vendor.value);
  const at = fields.effect.selectedIndex;
  const [name, , label, usual] = EFFECTS[at];
  const webhook = at > 3;
  choices(fields.operation, vendor.operations);
  choices(fields.event, vendor.events);
  $("fault-value").textContent = label ?? "";
  if (!event || event.target === fields.effect) fields.value.value = usual ?? "";
  reveal("fault", { operation: !webhook, event: webhook, value: label, code: name === "status", amount: fields.when.value });
}
$("fault").addEventListener("change", showFaultForm);
onSubmit($("fault"), async (fields) => {
  const at = fields.effect.selectedIndex;
  const [name] = EFFECTS[at];
  const webhook = at > 3;
  const effect = webhook ? { webhook: name } : { [name]: name === "reset" ? true : Number(fields.value.value) };
  if (name === "status" && fields.code.value.trim()) effect.code = fields.code.value.trim();
  const body = { vendor: fields.vendor.value, effect };
  if (fields.account.value) body.account_id = fields.account.value;
  if (webhook && fields.event.value) body.event = fields.event.value;
  if (!webhook && fields.operation.value) body.operation = fields.operation.value;
  if (fields.when.value) body[fields.when.value] = Number(fields.amount.value);
  await control("setFault", { body });
});

// -- timeline ------

const timeline = { last: 0, account: "", poll: null, kinds: new Map(), ids: new Set() };

function entryNode(entry, isNew) {
  const detail = el("div.detail");
  const node = el(`details.entry.${isNew ? "new" : ""}`, { "data-kind": entry.kind, hidden: !isShown(entry.kind) },
    el("summary",
      el(`span.kind.${entry.kind}`, entry.kind),
      el("span.what", entry.kind === "request" ? requestLine(entry) : entry.what),
      el("time", { title: `entry ${entry.seq}` }, shownTime(entry.at)),
      el("span.who", timeline.account ? "" : entry.account_id ?? "")),
    detail);
  node.addEventListener("toggle", () => {
    if (node.open && !detail.childElementCount) detail.append(...(entry.kind === "request" ? requestDetail(entry) : [facts(entry)]));
  });
  return node;
}
function requestLine(entry) {
  const { method, path } = entry.request;
  return [el(`b.method.${method.toLowerCase()}`, method), " ", el("code", path), " ", statusMark(entry.response.status)];
}
const statusMark = (status, otherwise = "no answer") => el(`b.status.s${String(status ?? "")[0]}`, status ?? otherwise);
function pretty(text) {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}
function message(title, start, headers, body) {
  const lines = [start, ...headers.map((pair) => pair.join(": ")), ...(body ? ["", pretty(body)] : [])];
  return [el("h4", title), block(lines.join("\n"))];
}
function requestDetail(entry) {
  const { request, response } = entry;
  const target = request.path + (request.query ? `?${request.query}` : "");
  const copy = button("Copy as curl", async () => { await copyText(curlOf(entry)); toast("The curl line is on the clipboard."); });
  return [
    el("p.line", copy, small(entry.vendor, entry.operation, entry.account_id, entry.key_id, `${entry.latency_ms} ms`)),
    ...message("Request", `${request.method} ${target}`, request.headers, request.body),
    ...message("Answer", String(response.status ?? "no answer"), response.headers, response.body),
  ];
}
/** The request as a command. The journal masks keys; the seed account's is known and put back, others become $KEY. */
function curlOf({ vendor: name, key_id, request }) {
  const vendor = VENDORS.get(name);
  const key = vendor.key && key_id === `key_${name}_seed` ? vendor.key : "$KEY";
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const words = [`curl ${request.method === "GET" ? "" : `-X ${request.method} `}${quoted(vendor.base_url + request.path + (request.query ? `?${request.query}` : ""))}`];
  for (const [header, value] of request.headers) {
    if (DROPPED_HEADERS.has(header.toLowerCase())) continue;
    words.push(value.includes("…") ? `-H "${header}: ${value.replace(/\S*…\S*/, () => key).replace(/["`\\]/g, "\\$&")}"` : `-H ${quoted(`${header}: ${value}`)}`);
  }
  if (request.body) words.push(`--data-raw ${quoted(request.body)}`);
  return words.join(" \\\n  ");
}
function facts(entry) {
  const fields = Object.entries(entry).filter(([name, value]) => !["kind", "what", "at"].includes(name) && value !== null);
  return el("table", fields.map(([name, value]) => el("tr", el("td", name), el("td", el("code", typeof value === "string" ? value : JSON.stringify(value))))));
}
/** Whether entries of a kind are to be seen; the first of its kind brings its switch along. */
function isShown(kind) {
  let box = timeline.kinds.get(kind);
  if (!box) {
    box = el("input", { type: "checkbox", checked: true, onchange: () => {
      for (const node of $("journal").children) node.hidden = !isShown(node.dataset.kind);
    } });
    timeline.kinds.set(kind, box);
    $("kinds").append(el("label", box, kind));
  }
  return box.checked;
}
function addEntries(entries, isNew) {
  const list = $("journal");
  const fresh = entries.filter((entry) => !timeline.ids.has(entry.seq));
  for (const entry of fresh) timeline.ids.add(entry.seq);
  ringing.state = fresh.find((entry) => entry.call_id === ringing.id && entry.state)?.state ?? ringing.state;
  list.prepend(...fresh.map((entry) => entryNode(entry, isNew)));
  while (list.childElementCount > MOST_ENTRIES) list.lastElementChild.remove();
  showRinging();
  showJournalHint();
}
function showJournalHint() {
  const seen = timeline.ids.size > 0 && $("journal").querySelector("[data-kind=request], [data-kind=call]");
  const hint = $("no-journal");
  hint.hidden = Boolean(seen);
  if (seen || hint.childElementCount) return;
  const { provision } = DATA.vendors[0];
  hint.append("Nothing has been asked of the emulator yet. To begin:", el("ol",
    provision && el("li", "Get a number, in a shell:", block(provision)),
    el("li", "Ring it with the form on this page."),
    el("li", "Let time pass with “Until idle”: the call is answered, talked through, billed and sent to your webhook, and all of it shows here.")));
}
/** Follow the journal, of one account or all, for as long as the page is open. */
async function follow(account) {
  timeline.poll?.abort();
  const poll = timeline.poll = new AbortController();
  timeline.account = account;
  $("journal-account").value = account;
  let first = true;
  while (!poll.signal.aborted) {
    try {
      const query = first ? { limit: MOST_ENTRIES } : { limit: MOST_ENTRIES, since: timeline.last, wait: POLL_SECONDS };
      const { data, last } = await control("journal", { query: { ...query, account_id: account }, signal: poll.signal });
      if (!first && last < timeline.last) { first = true; continue; }
      if (first) {
        timeline.ids.clear();
        $("journal").replaceChildren();
      }
      timeline.last = last;
      addEntries(data, !first);
      first = false;
      connected("live");
      if (data.length) lookSoon();
    } catch (error) {
      if (poll.signal.aborted) return;
      connected("lost", error);
      first = true;
      await new Promise((resolve) => { setTimeout(resolve, RETRY_MS); });
    }
  }
}
function connected(state, error) {
  const link = $("link");
  link.className = `link ${state}`;
  link.textContent = state === "live" ? "live" : error instanceof Refused ? error.message : "no answer: is the emulator running?";
}
$("journal-account").addEventListener("change", ({ target }) => follow(target.value));

// -- deliveries ------

const deliveries = new Map();

function deliveryNode(view, open) {
  const attempts = view.attempts.map((one) => el("tr", el("td", one.attempt), el("td", el("time", shownTime(one.at))),
    el("td", statusMark(one.status, one.error)),
    el("td", `${one.latency_ms} ms`)));
  const last = view.attempts.at(-1);
  const replay = button("Send again", async () => {
    const sent = (await control("replay", { ids: { delivery_id: view.id } })).attempts.at(-1);
    toast(`Sent again: ${sent.status ?? sent.error}.`, sent.status === null);
  });
  return el("details.event", { open },
    el("summary", el("strong", view.event), pill(view.state), small(plural(view.attempts.length, "attempt"), view.next_attempt_at && `next at ${shownTime(view.next_attempt_at)}`),
      el("code.url", view.url)),
    el("div.detail",
      el("p.line", replay, small(view.id, view.account_id, view.subject, view.troubles)),
      attempts.length ? el("table", attempts) : el("p.empty", "Not attempted yet."),
      ...(last ? message("Last attempt", `POST ${view.url}`, last.headers, view.body) : [block(pretty(view.body))]),
      ...(last?.response ? [el("h4", "Its answer"), block(last.response)] : [])));
}
function showDeliveries({ data }) {
  $("no-deliveries").hidden = data.length > 0;
  for (const [id, node] of deliveries) {
    if (!data.some((view) => view.id === id)) { node.remove(); deliveries.delete(id); }
  }
  for (const view of [...data].reverse()) {
    const old = deliveries.get(view.id);
    if (old && !changed(old, view)) continue;
    const node = deliveryNode(view, old?.open);
    changed(node, view);
    if (old) old.replaceWith(node);
    else $("deliveries").prepend(node);
    deliveries.set(view.id, node);
  }
}

// -- looking ------

let looking = false;
let again = false;
let soon;

/** Read everything but the journal, one reading at a time. */
async function look() {
  if (looking) { again = true; return; }
  looking = true;
  try {
    const [health, faults, sent] = await Promise.all([control("health"), control("listFaults"),
      control("listDeliveries", { query: { limit: SHOWN_DELIVERIES } }), lookAtAccounts()]);
    showClock(health.clock);
    showFaults(faults);
    showDeliveries(sent);
    showRinging();
  } catch (error) {
    connected("lost", error);
  } finally {
    looking = false;
    if (again) { again = false; lookSoon(); }
  }
}
function lookSoon() {
  clearTimeout(soon);
  soon = setTimeout(look, SETTLE_MS);
}
setInterval(() => { if (!document.hidden) look(); }, LOOK_MS);

$("version").textContent = DATA.version;
$("vendors").append(...DATA.vendors.map(vendorCard));
for (const id of ["open", "fault"]) choices($(id).elements.vendor, DATA.vendors.map((vendor) => [vendor.name, vendor.title]));
choices($("ring").elements.scenario, [["", "a conversation, drawn from the seed"], ["own", "my own words"], ...DATA.scenarios.map((name) => [name, name.replaceAll("_", " ")])]);
choices($("fault").elements.effect, EFFECTS);
choices($("fault").elements.when, TIMES);
$("ring-kind").hidden = !DATA.vendors.some((vendor) => vendor.texts);
showRingForm();
showFaultForm();
look();
follow("");
