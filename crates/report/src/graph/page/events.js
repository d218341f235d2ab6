// What the user does: pointer, wheel, keys, buttons and the search. Comes last and starts the page.

let grip = null;
map.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  grip = { x: event.clientX, y: event.clientY, moved: false, target: thing(event.target) };
});
map.addEventListener("pointermove", (event) => {
  if (!grip) return;
  const dx = event.clientX - grip.x, dy = event.clientY - grip.y;
  if (!grip.moved && Math.hypot(dx, dy) < 4) return;
  if (!grip.moved) map.setPointerCapture(event.pointerId);
  Object.assign(grip, { x: event.clientX, y: event.clientY, moved: true });
  map.classList.add("drag");
  moved = true;
  camera.x += dx;
  camera.y += dy;
  move();
});
map.addEventListener("pointerup", () => {
  const item = grip && !grip.moved ? grip.target : null;
  const nothing = grip && !grip.moved && !item;
  grip = null;
  map.classList.remove("drag");
  if (item) open(item);
  else if (nothing) { choose(null); hidePanel(); }
});
map.addEventListener("pointercancel", () => { grip = null; map.classList.remove("drag"); });
map.addEventListener("pointerover", (event) => { if (!grip) mark(thing(event.target)); });
map.addEventListener("pointerleave", () => mark());
map.addEventListener("wheel", (event) => {
  event.preventDefault();
  const area = map.getBoundingClientRect();
  zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event.clientX - area.left, event.clientY - area.top);
}, { passive: false });

const MOVES = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
map.addEventListener("keydown", (event) => {
  const item = thing(event.target);
  const middle = [map.clientWidth / 2, map.clientHeight / 2];
  if ((event.key === "Enter" || event.key === " ") && item) open(item);
  else if (MOVES[event.key]) { moved = true; camera.x += MOVES[event.key][0]; camera.y += MOVES[event.key][1]; move(); }
  else if (event.key === "+" || event.key === "=") zoom(1.25, ...middle);
  else if (event.key === "-") zoom(0.8, ...middle);
  else if (event.key === "0") fit();
  else return;
  event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") { choose(null); hidePanel(); }
});

const search = document.getElementById("search");
search.addEventListener("input", () => {
  query = search.value.trim();
  next = 0;
  chosen = null;
  mark();
  document.getElementById("found").textContent = query ? `${found().length} found` : "";
});
search.addEventListener("keydown", (event) => { if (event.key === "Enter") goToNext(); });
document.getElementById("unfold").addEventListener("click", () => foldAll(false));
document.getElementById("fold").addEventListener("click", () => foldAll(true));
document.getElementById("fit").addEventListener("click", fit);
document.getElementById("help").addEventListener("click", showHelp);
window.addEventListener("resize", () => { if (!moved) fit(); });

render();
fit();
