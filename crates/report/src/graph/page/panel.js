// The panel: what a card, a namespace or an edge is about, and the trace behind an edge.

const DATA = JSON.parse(document.getElementById("data").textContent);
const panel = document.getElementById("panel");

function html(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function show(heading, ...children) {
  const close = html("button", { id: "close", type: "button", "aria-label": "Close the details" }, "Close");
  close.addEventListener("click", () => { choose(null); hidePanel(); });
  panel.replaceChildren(close, html("h2", { tabindex: -1 }, heading), ...children);
  openPanel(true);
  panel.scrollTop = 0;
}

// The map gets what the panel leaves, in the same size; what is chosen stays in sight.
function openPanel(open) {
  panel.hidden = !open;
  if (open && chosen) keepInSight(chosen.edges ? chosen.to : chosen);
  else if (!open && !moved) fit();
}

function edgeList(heading, edges, text) {
  if (!edges.length) return [];
  const item = (edge) => {
    const button = html("button", { type: "button" }, text(edge), html("span", { class: "ports" }, edge.label));
    button.addEventListener("click", () => showEdge(edge));
    return html("li", {}, button);
  };
  return [html("h3", {}, `${heading} (${edges.length})`), html("ul", {}, ...edges.map(item))];
}

function isolation(word, policies) {
  if (!policies.length) return html("p", { class: "soft" }, `No policy isolates it for ${word}.`);
  const names = policies.map(([policy, place]) => (place ? `${policy} (${place})` : policy));
  return html("p", {}, `Isolated for ${word} by ${names.join(", ")}.`);
}

function showCard(card) {
  const mine = (side) => DATA.edges.filter((edge) => holds(edge[side], card));
  const pods = card.pods.length ? [html("h3", {}, `Pods (${card.pods.length})`), html("p", {}, card.pods.join(", "))] : [];
  const policies = card.pods.length ? [isolation("ingress", card.ingress), isolation("egress", card.egress)] : [];
  show(card.name, ...policies,
    ...edgeList("May open connections to", mine("from"), (edge) => edge.toName),
    ...edgeList("May be reached by", mine("to"), (edge) => edge.fromName), ...pods);
}

function showFrame(frame) {
  const fold = html("button", { type: "button" }, frame.folded ? "Unfold" : "Fold");
  fold.addEventListener("click", () => toggle(frame.id));
  const here = (end) => end[0] === "n" ? end[1] === frame.id : DATA.cards[end[1]].ns === frame.id;
  const leaving = DATA.edges.filter((edge) => here(edge.from) && !here(edge.to));
  const coming = DATA.edges.filter((edge) => here(edge.to) && !here(edge.from));
  const inside = DATA.edges.filter((edge) => here(edge.from) && here(edge.to));
  show(`Namespace ${frame.name}`, html("p", { class: "soft" }, frame.count), fold,
    ...edgeList("Leaving", leaving, (edge) => edge.title), ...edgeList("Coming in", coming, (edge) => edge.title),
    ...edgeList("Inside", inside, (edge) => edge.title));
}

function showBundle(bundle) {
  if (bundle.edges.length === 1) return showEdge(bundle.edges[0]);
  show(`${bundle.from.short} → ${bundle.to.short}`, ...edgeList("Edges", bundle.edges, (edge) => edge.title));
}

function showEdge(edge) {
  chooseEdge(edge);
  const pairs = edge.pairs > 1 ? [html("p", { class: "soft" }, edge.foldText)] : [];
  show(edge.title, html("p", {}, edge.label), ...pairs, ...edge.traces.map((index) => traceElement(DATA.traces[index])));
  panel.querySelector("h2").focus({ preventScroll: true });
}

function traceElement(trace) {
  const list = html("dl");
  for (const [label, texts] of trace.sections) {
    list.append(html("dt", {}, label), html("dd", {}, ...texts.map((index) => html("p", {}, DATA.strings[index]))));
  }
  const headline = html("p", {}, html("span", { class: `verdict ${trace.verdict}` }, trace.verdict), ` ${trace.flow}`);
  return html("section", { class: "trace", "aria-label": `${trace.flow}: ${trace.verdict}` }, headline, list,
    ...trace.rules.map((index) => snippet(DATA.strings[index])),
    html("p", { class: "soft" }, "The same in a shell:"), html("pre", { class: "command" }, trace.command));
}

// Lines of the user's file with the marks that stand under them.
function snippet(text) {
  const lines = text.split("\n").map((line) => {
    const mark = /^\s+\|.*\^/.test(line);
    return html("span", mark ? { class: "mark" } : {}, `${line}\n`);
  });
  return html("pre", { tabindex: 0 }, ...lines);
}

function showHelp() {
  const hint = "Click a workload for its connections, an edge for the policies that decide it, and a namespace to fold or unfold it. Drag the map to move it, turn the wheel to zoom.";
  const keys = "Keys: Tab and Enter to choose, arrows to move the map, + and - to zoom, 0 to see all, Esc to let go.";
  const card = "A card holds workloads that no policy tells apart. The labels on its left side are the ports on which it is reached; an edge that ends at a whole namespace holds for every pod in it.";
  show("How to read this", ...[hint, card, keys].map((text) => html("p", {}, text)));
}

function hidePanel() {
  openPanel(false);
  panel.replaceChildren();
}

document.getElementById("notes").replaceChildren(
  ...["Click a workload, an edge or a namespace.", ...DATA.notes].map((note) => html("p", {}, note)));
