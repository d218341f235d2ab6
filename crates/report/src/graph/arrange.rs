//! In which column a node stands, and in which order from the top: who opens connections stands left of who accepts them.
//!
//! As Sugiyama, Tagawa and Toda have it ("Methods for visual understanding of hierarchical system structures", 1981): lines
//! that lead back are left out, the longest way to a node is its rank, and within a rank a node goes to the middle of its
//! neighbours. Sizes and coordinates come later, here (`layout`) or in the page.

/// Ranks a box is spread over at most; more make it wider than a screen.
const MOST_RANKS: usize = 5;
/// Times that the order is improved from left to right and back.
const SWEEPS: usize = 4;

/// Where a node stands among its fellows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    /// The column, from 0.
    pub rank: usize,
    /// The place in the column, from 0.
    pub order: usize,
}

/// Places for `count` nodes that some lines connect.
pub(super) fn arrange(count: usize, lines: &[(usize, usize)]) -> Vec<Spot> {
    let mut out = vec![Vec::new(); count];
    for (from, to) in lines.iter().filter(|(from, to)| from != to) {
        out[*from].push(*to);
    }
    for targets in &mut out {
        targets.sort_unstable();
        targets.dedup();
    }
    let mut ranks = squeezed(&ranks(&out));
    let last = ranks.iter().copied().max().unwrap_or(0);
    for lonely in lonely(&out) {
        ranks[lonely] = last;
    }
    let orders = orders(&ranks, &out);
    ranks.into_iter().zip(orders).map(|(rank, order)| Spot { rank, order }).collect()
}

/// Nodes that no line touches: they stand last.
fn lonely(out: &[Vec<usize>]) -> Vec<usize> {
    let mut touched: Vec<bool> = out.iter().map(|targets| !targets.is_empty()).collect();
    out.iter().flatten().for_each(|to| touched[*to] = true);
    (0..out.len()).filter(|node| !touched[*node]).collect()
}

/// The longest way to each node, without the lines that lead back.
fn ranks(out: &[Vec<usize>]) -> Vec<usize> {
    let (forward, sorted) = forward(out);
    let mut ranks = vec![0; out.len()];
    for from in sorted {
        for to in &forward[from] {
            ranks[*to] = ranks[*to].max(ranks[from] + 1);
        }
    }
    ranks
}

#[derive(Clone, Copy, PartialEq)]
enum Seen {
    Not,
    OnTheWay,
    Done,
}

/// The lines without those that close a circle, and the nodes with every source in front of its targets.
fn forward(out: &[Vec<usize>]) -> (Vec<Vec<usize>>, Vec<usize>) {
    let mut forward = vec![Vec::new(); out.len()];
    let mut seen = vec![Seen::Not; out.len()];
    let mut finished = Vec::new();
    for root in by_surplus(out) {
        let mut way = vec![(root, 0)];
        if seen[root] != Seen::Not {
            continue;
        }
        seen[root] = Seen::OnTheWay;
        while let Some((from, next)) = way.last_mut() {
            let from = *from;
            let Some(to) = out[from].get(*next).copied() else {
                seen[from] = Seen::Done;
                finished.push(from);
                way.pop();
                continue;
            };
            *next += 1;
            if seen[to] != Seen::OnTheWay {
                forward[from].push(to);
            }
            if seen[to] == Seen::Not {
                seen[to] = Seen::OnTheWay;
                way.push((to, 0));
            }
        }
    }
    finished.reverse();
    (forward, finished)
}

/// Nodes that open more than they accept come first.
fn by_surplus(out: &[Vec<usize>]) -> Vec<usize> {
    let mut accepted = vec![0_usize; out.len()];
    out.iter().flatten().for_each(|to| accepted[*to] += 1);
    let mut nodes: Vec<usize> = (0..out.len()).collect();
    nodes.sort_by_key(|node| {
        (accepted[*node].saturating_sub(out[*node].len()), usize::MAX - out[*node].len(), *node)
    });
    nodes
}

fn squeezed(ranks: &[usize]) -> Vec<usize> {
    let most = ranks.iter().copied().max().unwrap_or(0);
    if most < MOST_RANKS {
        return ranks.to_vec();
    }
    ranks.iter().map(|rank| rank * (MOST_RANKS - 1) / most).collect()
}

/// The order within each rank: nodes move to the mean of their neighbours' places, some times.
fn orders(ranks: &[usize], out: &[Vec<usize>]) -> Vec<usize> {
    let mut near = out.to_vec();
    for (from, targets) in out.iter().enumerate() {
        for to in targets {
            near[*to].push(from);
        }
    }
    let most = ranks.iter().copied().max().map_or(0, |most| most + 1);
    let mut columns: Vec<Vec<usize>> = vec![Vec::new(); most];
    ranks.iter().enumerate().for_each(|(node, rank)| columns[*rank].push(node));
    let mut order = vec![0; ranks.len()];
    number(&columns, &mut order);
    for sweep in 0..SWEEPS {
        for step in 0..most {
            let column = &mut columns[if sweep % 2 == 0 { step } else { most - 1 - step }];
            column.sort_by_key(|node| (mean(&near[*node], &order), order[*node]));
            column.iter().enumerate().for_each(|(place, node)| order[*node] = place);
        }
    }
    order
}

fn number(columns: &[Vec<usize>], order: &mut [usize]) {
    for column in columns {
        column.iter().enumerate().for_each(|(place, node)| order[*node] = place);
    }
}

/// The mean place of some nodes in hundredths; lonely nodes go to the end.
fn mean(nodes: &[usize], order: &[usize]) -> usize {
    let sum: usize = nodes.iter().map(|node| order[*node]).sum();
    (sum * 100).checked_div(nodes.len()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spots(count: usize, lines: &[(usize, usize)]) -> Vec<(usize, usize)> {
        arrange(count, lines).iter().map(|spot| (spot.rank, spot.order)).collect()
    }

    #[test]
    fn sources_stand_left_of_their_targets() {
        assert_eq!(spots(3, &[(2, 0), (0, 1)]), [(1, 0), (2, 0), (0, 0)]);
        assert_eq!(spots(0, &[]), []);
        assert_eq!(spots(2, &[(0, 0)]), [(0, 0), (0, 1)]);
    }

    #[test]
    fn circles_are_cut_and_long_ways_squeezed() {
        let circle = spots(3, &[(0, 1), (1, 2), (2, 0)]);
        assert_eq!(circle.iter().map(|(rank, _)| *rank).max(), Some(2));
        let chain: Vec<(usize, usize)> = (0..40).map(|n| (n, n + 1)).collect();
        assert!(arrange(41, &chain).iter().all(|spot| spot.rank < MOST_RANKS));
    }

    #[test]
    fn lines_do_not_cross_without_need() {
        let crossed = spots(4, &[(0, 3), (1, 2)]);
        let (from, to) = (crossed[0].1 < crossed[1].1, crossed[3].1 < crossed[2].1);
        assert_eq!(from, to);
    }
}
