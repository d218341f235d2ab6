// State and events: what is folded, chosen and searched for, and where the map stands.

const map = document.getElementById("map");
const world = document.getElementById("world");
const UNFOLDED_AT_START = 70;

const folded = new Set(DATA.cards.length > UNFOLDED_AT_START ? DATA.namespaces.map((_, id) => id) : []);
let view = null;
let camera = { x: 0, y: 0, scale: 1 };
let chosen = null;
let query = "";
let moved = false;
const BUSY = 150;

function frameOf(end) {
  return end[0] === "n" ? end[1] : DATA.cards[end[1]].ns;
}

// Whether an end of an edge means a card, also as one of many.
function holds(end, card) {
  if (end[0] === "n") return end[1] === card.ns;
  const other = DATA.cards[end[1]];
  return other === DATA.cards[card.id] || (other.stands || []).includes(card.id);
}

// The boxes, cards and bundles of edges that are to be seen now.
function makeView() {
  const cards = DATA.cards.map((card, id) => ({ ...card, id, rows: rows(card.lines), badges: badges(card), pins: [], wide: card.ns === null || Boolean(card.stands), short: card.name, spoken: spoken(card) }));
  const frames = DATA.namespaces.map((namespace, id) => ({
    ...namespace, id, folded: folded.has(id), pins: [], short: namespace.name, spoken: `namespace ${namespace.name}`,
    cards: cards.filter((card) => card.ns === id),
  }));
  const place = (end) => {
    const frame = frameOf(end);
    if (end[0] === "n" || (frame !== null && folded.has(frame))) return frames[frame];
    return cards[end[1]];
  };
  const bundles = new Map();
  for (const edge of DATA.edges) {
    const from = place(edge.from), to = place(edge.to);
    if (from === to && from.folded) continue;
    const loose = from.folded || to.folded;
    const key = `${from.cards ? "n" : "c"}${from.id} ${to.cards ? "n" : "c"}${to.id} ${loose ? "" : edge.id}`;
    if (!bundles.has(key)) bundles.set(key, { id: key, from, to, edges: [] });
    bundles.get(key).edges.push(edge);
  }
  const list = [...bundles.values()];
  for (const { to, edges } of list) {
    if (edges.length === 1 && !to.folded && !to.pins.includes(edges[0].label)) to.pins.push(edges[0].label);
  }
  const wide = cards.filter((card) => card.ns === null && list.some((bundle) => bundle.from === card || bundle.to === card));
  for (const card of wide) card.sink = !list.some((bundle) => bundle.from === card);
  return { frames, wide, cards, bundles: list, aspect: map.clientWidth / Math.max(1, map.clientHeight) || 1.6 };
}

function spoken(card) {
  const isolated = [card.ingress.length ? "ingress" : "", card.egress.length ? "egress" : ""].filter(Boolean).join(" and ");
  return card.name + (isolated ? `, isolated for ${isolated}` : "");
}

function render() {
  view = makeView();
  layOut(view);
  draw(view);
  world.classList.toggle("busy", view.bundles.length > BUSY);
  mark();
}

function items() {
  return view.frames.flatMap((frame) => (frame.folded ? [frame] : [frame, ...frame.cards])).concat(view.wide);
}

function move() {
  world.setAttribute("transform", `translate(${camera.x} ${camera.y}) scale(${camera.scale})`);
}

function fit() {
  const boxes = items();
  if (!boxes.length) return;
  const left = Math.min(...boxes.map((b) => b.x)), right = Math.max(...boxes.map((b) => b.x + b.width));
  const top = Math.min(...boxes.map((b) => b.y)) - 20, bottom = Math.max(...boxes.map((b) => b.y + b.height));
  const width = map.clientWidth, height = map.clientHeight;
  const scale = Math.min(1.4, (width - 60) / (right - left), (height - 60) / (bottom - top));
  moved = false;
  camera = { scale, x: (width - (right - left) * scale) / 2 - left * scale, y: (height - (bottom - top) * scale) / 2 - top * scale };
  move();
}

function zoom(factor, x, y) {
  const scale = Math.max(0.05, Math.min(4, camera.scale * factor));
  const change = scale / camera.scale;
  moved = true;
  camera = { scale, x: x - (x - camera.x) * change, y: y - (y - camera.y) * change };
  move();
}

// Folds or unfolds a namespace, which stays where it is on the screen.
function toggle(id) {
  const before = { x: view.frames[id].x * camera.scale + camera.x, y: view.frames[id].y * camera.scale + camera.y };
  folded.has(id) ? folded.delete(id) : folded.add(id);
  chosen = null;
  render();
  const frame = view.frames[id];
  camera.x = before.x - frame.x * camera.scale;
  camera.y = before.y - frame.y * camera.scale;
  moved = true;
  move();
  showFrame(frame);
  keepInSight(frame);
  frame.element.focus({ preventScroll: true });
}

function foldAll(all) {
  folded.clear();
  if (all) DATA.namespaces.forEach((_, id) => folded.add(id));
  choose(null);
  render();
  fit();
}

// Marks what is chosen, or else what the pointer is over: it, its edges, and the other ends of those.
function mark(over) {
  const middle = over || chosen;
  const hot = new Set();
  for (const bundle of middle ? view.bundles : []) {
    const touches = bundle === middle || bundle.from === middle || bundle.to === middle ||
      (middle.cards && !middle.folded && [bundle.from, bundle.to].some((end) => end.ns === middle.id)) ||
      (middle.rows && bundle.edges.some((edge) => holds(edge.from, middle) || holds(edge.to, middle)));
    if (touches) [bundle, bundle.from, bundle.to].forEach((item) => hot.add(item));
  }
  if (middle) hot.add(middle);
  const matches = query ? found() : [];
  world.classList.toggle("dim", Boolean(middle) || matches.length > 0);
  for (const item of [...view.bundles, ...items()]) {
    const list = item.element.classList;
    list.toggle("hot", hot.has(item) || (!middle && matches.includes(item)));
    list.toggle("chosen", item === chosen);
    list.toggle("found", matches.includes(item));
  }
}

function choose(item) {
  chosen = item;
  mark();
}

function chooseEdge(edge) {
  choose(view.bundles.find((bundle) => bundle.edges.includes(edge)) || null);
}

// The thing behind an element: a card, a frame or a bundle.
function thing(target) {
  const group = target.closest && target.closest("[data-card], [data-frame], [data-edge]");
  if (!group) return null;
  if (group.dataset.card !== undefined) return view.cards[Number(group.dataset.card)];
  if (group.dataset.frame !== undefined) return view.frames[Number(group.dataset.frame)];
  return view.bundles.find((bundle) => bundle.id === group.dataset.edge);
}

function open(item) {
  if (item.edges) { choose(item); showBundle(item); }
  else if (item.rows) { choose(item); showCard(item); }
  else toggle(item.id);
}

// What the search finds, in the order of the map: cards, and folded namespaces that hold such cards.
function found() {
  const wanted = query.toLowerCase();
  const says = (card) => [card.name, ...card.lines, ...card.pods, ...[...card.ingress, ...card.egress].map(([policy]) => policy)].some((text) => text.toLowerCase().includes(wanted));
  const frame = (one) => one.folded ? one.name.toLowerCase().includes(wanted) || one.cards.some(says) : false;
  return items().filter((item) => (item.rows ? says(item) : frame(item)));
}

let next = 0;
function goToNext() {
  const matches = found();
  if (!matches.length) return;
  const item = matches[next++ % matches.length];
  choose(item);
  if (item.rows) showCard(item);
  else showFrame(item);
  camera.scale = Math.max(camera.scale, 0.8);
  centre(item);
}

function centre(item) {
  moved = true;
  camera.x = map.clientWidth / 2 - (item.x + item.width / 2) * camera.scale;
  camera.y = map.clientHeight / 2 - (item.y + item.height / 2) * camera.scale;
  move();
}

function keepInSight(item) {
  const x = item.x * camera.scale + camera.x, y = item.y * camera.scale + camera.y;
  const inside = x >= 0 && y >= 0 && x + item.width * camera.scale <= map.clientWidth && y + item.height * camera.scale <= map.clientHeight;
  if (!inside) centre(item);
}
