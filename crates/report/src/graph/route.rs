//! The way of a line from one rectangle to another, around those in between.
//!
//! A line leaves on the right and enters on the left. Where its curve would meet another rectangle, it passes through the gap
//! above or below that one. A line that leads back runs through the gap beside its source, and around the left side of its
//! target. The page has the same in its own language (`page/route.js`), since folding moves everything.

use super::layout::Rect;

/// Half of the gap between two rectangles: where lines pass between them.
const GAP: i64 = 8;
/// How far before and behind a rectangle a line is level.
const LEVEL: i64 = 14;
/// How far a curve swings out to turn.
const TURN: i64 = 26;
/// Rectangles that a line goes around at most.
const DETOURS: usize = 8;
/// Points of a curve that are looked at.
const SAMPLES: i64 = 16;

/// A point, in pixels.
pub(super) type Point = (i64, i64);

/// A piece of a way: a curve with its two control points, or a straight line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leg {
    Curve(Point, Point, Point),
    Straight(Point),
}

/// Where a line begins and ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends {
    pub from: Rect,
    /// The height at which it leaves.
    pub leaves: i64,
    pub to: Rect,
    /// The height at which it enters.
    pub enters: i64,
    /// Pixels by which it keeps apart from others in the same gap.
    pub lane: i64,
}

/// The way as an SVG path.
pub(super) fn path(ends: Ends, obstacles: &[Rect]) -> String {
    let (start, legs) = legs(ends, obstacles);
    let pieces = legs.into_iter().map(|leg| match leg {
        Leg::Curve(a, b, to) => format!("C{} {} {} {} {} {}", a.0, a.1, b.0, b.1, to.0, to.1),
        Leg::Straight(to) => format!("L{} {}", to.0, to.1),
    });
    std::iter::once(format!("M{} {}", start.0, start.1)).chain(pieces).collect()
}

/// Where the way begins, and its pieces.
pub(super) fn legs(ends: Ends, obstacles: &[Rect]) -> (Point, Vec<Leg>) {
    let start = (right(ends.from), ends.leaves);
    let end = (left(ends.to), ends.enters);
    let others: Vec<Rect> =
        obstacles.iter().filter(|rect| **rect != ends.from && **rect != ends.to).copied().collect();
    let router = Router { obstacles: &others, lane: ends.lane };
    let mut legs = Vec::new();
    if end.0 >= start.0 + LEVEL {
        router.across(start, end, DETOURS, &mut legs);
    } else {
        router.back(ends, start, end, &mut legs);
    }
    (start, legs)
}

struct Router<'o> {
    obstacles: &'o [Rect],
    lane: i64,
}

impl Router<'_> {
    /// A curve between two points, or around what is in its way.
    fn across(&self, from: Point, to: Point, detours: usize, legs: &mut Vec<Leg>) {
        let (a, b) = controls(from, to);
        let direct = Leg::Curve(a, b, to);
        let Some((rect, y)) = self.blocked(from, direct).filter(|_| detours > 0) else {
            legs.push(direct);
            return;
        };
        let ahead = (to.0 - from.0).signum();
        let gap =
            if y - top(rect) < bottom(rect) - y { top(rect) - GAP } else { bottom(rect) + GAP } + self.lane;
        let (near, far) = if ahead > 0 { (left(rect), right(rect)) } else { (right(rect), left(rect)) };
        let (before, behind) = ((near - ahead * LEVEL, gap), (far + ahead * LEVEL, gap));
        if (to.0 - behind.0) * ahead < LEVEL || (behind.0 - from.0) * ahead < LEVEL {
            legs.push(direct);
            return;
        }
        if (before.0 - from.0) * ahead >= LEVEL {
            self.across(from, before, detours - 1, legs);
            legs.push(Leg::Straight(behind));
        } else {
            let (a, b) = controls(from, behind);
            legs.push(Leg::Curve(a, b, behind));
        }
        self.across(behind, to, detours - 1, legs);
    }

    /// The first rectangle that a curve meets, and at what height.
    fn blocked(&self, from: Point, curve: Leg) -> Option<(Rect, i64)> {
        let mut points = (1..SAMPLES).map(|step| at(from, curve, step));
        points.find_map(|point| Some((self.at(point)?, point.1)))
    }

    fn at(&self, (x, y): Point) -> Option<Rect> {
        let holds = |rect: &&Rect| {
            left(**rect) < x && x < right(**rect) && top(**rect) - 2 < y && y < bottom(**rect) + 2
        };
        self.obstacles.iter().find(holds).copied()
    }

    /// Out of the source on the right, back beside it, and into the target from its left.
    fn back(&self, ends: Ends, start: Point, end: Point, legs: &mut Vec<Leg>) {
        let beside = |rect: Rect, y: i64| {
            if y < i64::midpoint(top(rect), bottom(rect)) { top(rect) - GAP } else { bottom(rect) + GAP }
        };
        let leaving =
            beside(ends.from, if ends.from == ends.to { top(ends.from) } else { end.1 }) + self.lane;
        legs.push(Leg::Curve((start.0 + TURN, start.1), (start.0 + TURN, leaving), (start.0, leaving)));
        let mut here = (left(ends.from), leaving);
        legs.push(Leg::Straight(here));
        let coming = (right(ends.to), beside(ends.to, leaving) + self.lane);
        if coming.0 + LEVEL < here.0 {
            self.across(here, coming, DETOURS, legs);
            here = (end.0, coming.1);
            legs.push(Leg::Straight(here));
        }
        legs.push(Leg::Curve((here.0.min(end.0) - TURN, here.1), (end.0 - TURN, end.1), end));
    }
}

fn controls(from: Point, to: Point) -> (Point, Point) {
    let bend = (to.0 - from.0) / 2;
    ((from.0 + bend, from.1), (to.0 - bend, to.1))
}

/// A point of a curve, `step` sixteenths of the way (de Casteljau, written out).
fn at(from: Point, leg: Leg, step: i64) -> Point {
    let Leg::Curve(a, b, to) = leg else { return from };
    let (t, u) = (step, SAMPLES - step);
    let mix = |p: i64, a: i64, b: i64, q: i64| {
        (u * u * u * p + 3 * u * u * t * a + 3 * u * t * t * b + t * t * t * q) / SAMPLES.pow(3)
    };
    (mix(from.0, a.0, b.0, to.0), mix(from.1, a.1, b.1, to.1))
}

/// Pictures are far smaller than what does not fit.
pub(super) fn signed(pixels: usize) -> i64 {
    i64::try_from(pixels).unwrap_or(i64::MAX / 1_000_000)
}

fn left(rect: Rect) -> i64 {
    signed(rect.x)
}

fn right(rect: Rect) -> i64 {
    signed(rect.x + rect.width)
}

fn top(rect: Rect) -> i64 {
    signed(rect.y)
}

fn bottom(rect: Rect) -> i64 {
    signed(rect.y + rect.height)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(x: usize, y: usize) -> Rect {
        Rect { x, y, width: 100, height: 40 }
    }

    fn meets(ends: Ends, obstacle: Rect) -> bool {
        let (mut here, legs) = legs(ends, &[ends.from, obstacle, ends.to]);
        let mut met = false;
        for leg in legs {
            let router = Router { obstacles: &[obstacle], lane: 0 };
            let curve = match leg {
                Leg::Straight(to) => Leg::Curve(here, to, to),
                curve @ Leg::Curve(..) => curve,
            };
            met |= router.blocked(here, curve).is_some();
            here = match leg {
                Leg::Straight(to) | Leg::Curve(_, _, to) => to,
            };
        }
        assert_eq!(here, (left(ends.to), ends.enters), "the way ends at its target");
        met
    }

    fn ends(from: Rect, to: Rect) -> Ends {
        Ends { from, leaves: top(from) + 15, to, enters: top(to) + 33, lane: 0 }
    }

    #[test]
    fn lines_go_around_what_is_in_between() {
        for y in [0, 20, 100, 180, 200] {
            assert!(!meets(ends(rect(0, 100), rect(400, 100)), rect(200, y)), "forward, {y}");
            assert!(!meets(ends(rect(400, 100), rect(0, 100)), rect(200, y)), "back, {y}");
        }
    }

    #[test]
    fn lines_to_oneself_and_to_neighbours_end_where_they_should() {
        let far = rect(1000, 1000);
        for (from, to) in [(0, 0), (0, 56), (56, 0), (0, 300)] {
            assert!(!meets(ends(rect(0, from), rect(0, to)), far));
        }
    }
}
