// What is seen: boxes, cards and edges as SVG elements. Texts are only ever set as text, so names cannot become markup.

const SVG = "http://www.w3.org/2000/svg";

function el(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes || {})) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function textAt(x, y, text, kind) {
  const element = el("text", { x, y, class: kind || "" });
  element.textContent = text;
  return element;
}

function box(item, radius) {
  return el("rect", { x: item.x, y: item.y, width: item.width, height: item.height, rx: radius });
}

// The pins of a box from `top` down; remembers where each is, for the edges.
function pins(group, item, top) {
  item.pinAt = new Map();
  item.pins.forEach((label, index) => {
    const y = top + index * ROW;
    item.pinAt.set(label, y + ROW / 2);
    const text = textAt(item.x + 8, y + 13, cut(label));
    group.append(el("g", { class: "pin" }, el("rect", { x: item.x, y: y + 1, width: textWidth(label) + 14, height: ROW - 2, rx: 3 }), text));
  });
}

function badge(x, y, text) {
  return el("g", { class: "badge" }, el("rect", { x, y, width: 28, height: 13, rx: 6.5 }), textAt(x + 14, y + 9.8, text));
}

function cardElement(card) {
  const group = el("g", { class: card.wide ? "card wide" : "card", tabindex: 0, role: "button", "aria-label": card.spoken, "data-card": card.id });
  group.append(box(card, card.wide ? 14 : 6));
  card.rows.forEach((row, index) => group.append(textAt(card.x + 12, card.y + 19 + index * ROW, row)));
  card.badges.forEach((text, index) => group.append(badge(card.x + card.width - 36 - 32 * (card.badges.length - 1 - index), card.y + 8, text)));
  pins(group, card, card.y + 6 + card.rows.length * ROW);
  return group;
}

function frameElement(frame) {
  const state = frame.folded ? "folded" : "unfolded";
  const group = el("g", {
    class: `frame ${state}`, tabindex: 0, role: "button", "aria-expanded": String(!frame.folded), "data-frame": frame.id,
    "aria-label": `Namespace ${frame.name}, ${frame.count}, ${state}`,
  });
  group.append(box(frame, 9));
  group.append(textAt(frame.x + 12, frame.y + 19, `${frame.folded ? "▸" : "▾"} ${cut(frame.name)}`, "title"));
  frame.pinAt = new Map();
  if (frame.folded) group.append(textAt(frame.x + 12, frame.y + 19 + ROW, frame.count, "small"));
  else pins(group, frame, frame.y + 6 + ROW);
  return group;
}

function edgeElement(bundle, boxes, lane) {
  const { from, to, edges } = bundle;
  const only = edges.length === 1 ? edges[0] : null;
  const open = edges.every((edge) => edge.open);
  const middle = (box) => box.y + (box.folded || !box.rows ? Math.min(box.head || box.height, box.height) / 2 : 6 + ROW / 2);
  const pinY = (only && to.pinAt.get(only.label)) || middle(to);
  const d = route(from, to, middle(from), pinY, boxes, lane);
  const name = only ? `${only.title}, ${only.label}` : `${edges.length} edges from ${from.spoken} to ${to.spoken}`;
  const group = el("g", { class: `edge${open ? " open" : ""}${only ? "" : " many"}`, role: "button", tabindex: -1, "aria-label": name, "data-edge": bundle.id });
  const title = el("title");
  title.textContent = name;
  group.append(title, el("path", { d, "marker-end": open ? "url(#head-open)" : "url(#head)" }), el("path", { d, class: "hit" }));
  return group;
}

function draw(view) {
  const parts = { frames: [], edges: [], cards: [] };
  for (const frame of view.frames) {
    (frame.folded ? parts.cards : parts.frames).push((frame.element = frameElement(frame)));
    if (!frame.folded) for (const card of frame.cards) parts.cards.push((card.element = cardElement(card)));
  }
  for (const card of view.wide) parts.cards.push((card.element = cardElement(card)));
  const boxes = obstacles(view);
  view.bundles.forEach((bundle, index) => parts.edges.push((bundle.element = edgeElement(bundle, boxes, (index % 5) * 2 - 4))));
  for (const [id, children] of Object.entries(parts)) document.getElementById(id).replaceChildren(...children);
}
