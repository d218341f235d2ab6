// The way of an edge from one box to another, around those in between; the same as `route.rs`, where it is explained.

const WAY = { gap: 8, level: 14, turn: 26, detours: 8, samples: 16 };

function controls([x1, y1], [x2, y2]) {
  const bend = (x2 - x1) / 2;
  return [[x1 + bend, y1], [x2 - bend, y2]];
}

function curveTo(from, to) {
  const [a, b] = controls(from, to);
  return `C${a} ${b} ${to}`;
}

// The first obstacle that the curve between two points meets, and at what height.
function blocked(from, to, obstacles) {
  const [a, b] = controls(from, to);
  for (let step = 1; step < WAY.samples; step++) {
    const t = step / WAY.samples, u = 1 - t;
    const [x, y] = [0, 1].map((i) => u * u * u * from[i] + 3 * u * u * t * a[i] + 3 * u * t * t * b[i] + t * t * t * to[i]);
    const box = obstacles.find((o) => o.x < x && x < o.x + o.width && o.y - 2 < y && y < o.y + o.height + 2);
    if (box) return { box, y };
  }
  return null;
}

function across(from, to, obstacles, lane, detours) {
  const met = detours > 0 && blocked(from, to, obstacles);
  if (!met) return curveTo(from, to);
  const { box, y } = met, ahead = Math.sign(to[0] - from[0]), bottom = box.y + box.height;
  const gap = (y - box.y < bottom - y ? box.y - WAY.gap : bottom + WAY.gap) + lane;
  const [near, far] = ahead > 0 ? [box.x, box.x + box.width] : [box.x + box.width, box.x];
  const before = [near - ahead * WAY.level, gap], behind = [far + ahead * WAY.level, gap];
  if ((to[0] - behind[0]) * ahead < WAY.level || (behind[0] - from[0]) * ahead < WAY.level) return curveTo(from, to);
  const room = (before[0] - from[0]) * ahead >= WAY.level;
  const there = room ? `${across(from, before, obstacles, lane, detours - 1)}L${behind}` : curveTo(from, behind);
  return there + across(behind, to, obstacles, lane, detours - 1);
}

function beside(box, y) {
  return y < box.y + box.height / 2 ? box.y - WAY.gap : box.y + box.height + WAY.gap;
}

function back(from, to, start, end, obstacles, lane) {
  const leaving = beside(from, from === to ? from.y : end[1]) + lane;
  let here = [from.x, leaving];
  let path = `C${start[0] + WAY.turn} ${start[1]} ${start[0] + WAY.turn} ${leaving} ${start[0]} ${leaving}L${here}`;
  const coming = [to.x + to.width, beside(to, leaving) + lane];
  if (coming[0] + WAY.level < here[0]) {
    path += across(here, coming, obstacles, lane, WAY.detours);
    here = [end[0], coming[1]];
    path += `L${here}`;
  }
  return `${path}C${Math.min(here[0], end[0]) - WAY.turn} ${here[1]} ${end[0] - WAY.turn} ${end[1]} ${end}`;
}

function route(from, to, leaves, enters, obstacles, lane) {
  const start = [from.x + from.width, leaves], end = [to.x, enters];
  const others = obstacles.filter((box) => box !== from && box !== to);
  const forward = end[0] >= start[0] + WAY.level;
  return `M${start}` + (forward ? across(start, end, others, lane, WAY.detours) : back(from, to, start, end, others, lane));
}
