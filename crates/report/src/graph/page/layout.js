// Where everything is: cards in the columns of their namespaces, namespaces in the columns of the map. Ranks and orders come
// with the data; here they only meet the sizes that folding changes.

const GAP = { column: 90, row: 34, cardColumn: 74, cardRow: 16, pad: 16 };
const ROW = 18;
const MOST_ROWS = 8;

function textWidth(text) {
  return Math.min(text.length, MOST_COLUMNS) * 6.9;
}

const MOST_COLUMNS = 44;

function cut(text) {
  return text.length > MOST_COLUMNS ? text.slice(0, MOST_COLUMNS - 1) + "…" : text;
}

// Rows of a card: its members, the last row counting those that have no room.
function rows(lines) {
  if (lines.length <= MOST_ROWS) return lines.map(cut);
  return [...lines.slice(0, MOST_ROWS - 1).map(cut), `and ${lines.length - MOST_ROWS + 1} more`];
}

function badges(card) {
  return [card.ingress.length ? "IN" : "", card.egress.length ? "OUT" : ""].filter(Boolean);
}

// The size of a box with some rows of text and some pins, where edges with one label enter.
function measure(lines, badgeCount, pins) {
  const first = textWidth(lines[0]) + badgeCount * 34;
  const width = Math.max(90, first, ...lines.slice(1).map(textWidth), ...pins.map((pin) => textWidth(pin) + 8)) + 24;
  return { width, height: 12 + (lines.length + pins.length) * ROW };
}

// Puts items into columns by rank; a column higher than `limit` goes on beside itself.
function columns(items, limit, gapColumn, gapRow) {
  const sorted = [...items].sort((a, b) => a.rank - b.rank || a.order - b.order);
  let x = 0, y = 0, widest = 0, height = 0, rank = null;
  for (const item of sorted) {
    const full = y > 0 && y + item.height > limit;
    if (rank !== null && (item.rank !== rank || full)) {
      x += widest + gapColumn;
      y = 0;
      widest = 0;
    }
    rank = item.rank;
    Object.assign(item, { x, y });
    y += item.height + gapRow;
    widest = Math.max(widest, item.width);
    height = Math.max(height, y - gapRow);
  }
  return { width: x + widest, height };
}

function limitOf(items, aspect, gapColumn, gapRow) {
  const area = items.reduce((sum, item) => sum + (item.width + gapColumn) * (item.height + gapRow), 0);
  return Math.max(Math.sqrt(area / aspect), ...items.map((item) => item.height));
}

// Merges neighbouring ranks while their columns are far lower than the map: many short columns waste the screen.
function squeeze(items, limit, gapRow) {
  const sorted = [...items].sort((a, b) => a.rank - b.rank || a.order - b.order);
  let rank = 0, used = 0, before = null;
  for (const item of sorted) {
    if (before !== null && item.rank !== before && used > limit * 0.75) {
      rank += 1;
      used = 0;
    }
    before = item.rank;
    used += item.height + gapRow;
    item.rank = rank;
    item.order = sorted.indexOf(item);
  }
}

function layOut(view) {
  for (const frame of view.frames.filter((frame) => !frame.folded)) {
    for (const card of frame.cards) Object.assign(card, measure(card.rows, card.badges.length, card.pins));
    const size = columns(frame.cards, Math.max(260, limitOf(frame.cards, 1.4, GAP.cardColumn, GAP.cardRow)), GAP.cardColumn, GAP.cardRow);
    for (const card of frame.cards) card.column = Math.max(...frame.cards.filter((other) => other.x === card.x).map((other) => other.width));
    for (const card of frame.cards) card.width = card.column;
    const head = measure([frame.name], 1, frame.pins);
    frame.head = head.height;
    frame.width = Math.max(size.width, head.width) + 2 * GAP.pad;
    frame.height = head.height + size.height + 2 * GAP.pad;
  }
  for (const frame of view.frames.filter((frame) => frame.folded)) {
    Object.assign(frame, measure([frame.name + "   ", frame.count], 0, []), { head: 0 });
    frame.height += 6;
  }
  for (const card of view.wide) Object.assign(card, measure(card.rows, 0, card.pins));
  const inner = view.frames.map((frame) => ({ width: frame.width, height: frame.height, rank: frame.rank, order: frame.order, frame }));
  const limit = limitOf(inner.concat(view.wide), view.aspect * 0.85, GAP.column, GAP.row);
  squeeze(inner, limit, GAP.row);
  const last = Math.max(0, ...inner.map((item) => item.rank)) + 1;
  const outer = view.wide.map((card, order) => ({ width: card.width, height: card.height, rank: card.sink ? last : -1, order, frame: card }));
  columns(inner.concat(outer), limit, GAP.column, GAP.row);
  for (const item of inner.concat(outer)) Object.assign(item.frame, { x: item.x, y: item.y });
  for (const frame of view.frames.filter((frame) => !frame.folded)) {
    for (const card of frame.cards) {
      card.x += frame.x + GAP.pad;
      card.y += frame.y + frame.head + GAP.pad;
    }
  }
}

// What edges go around: cards, folded namespaces, and the titles of unfolded ones.
function obstacles(view) {
  const title = (frame) => ({ x: frame.x, y: frame.y, width: Math.min(frame.width, textWidth(frame.name) + 30), height: 6 + ROW });
  const open = view.frames.filter((frame) => !frame.folded);
  return [...view.wide, ...view.frames.filter((frame) => frame.folded), ...open.flatMap((frame) => frame.cards), ...open.map(title)];
}
