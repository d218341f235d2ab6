//! The columns of many groups, equal ones once.
//!
//! A column holds a bit for each group of sources in each of its lines, so all columns of a large world would take more memory
//! than all else. They are made some at a time; of those before only names and hashes stay, and where a hash comes again, the
//! column before is made again to compare. Start with [`distinct`].

use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::Line;
use super::lines::Piece;
use crate::matrix::GroupId;
use crate::parallel;

/// How many columns are held at a time.
const AT_ONCE: usize = 1024;

/// Groups with one column, in rising order, and the column's lines.
pub(super) type Alike = (Vec<GroupId>, Vec<Line>);

/// A column, with the groups among some that have it.
struct Column {
    hash: u64,
    pieces: Vec<Piece>,
    groups: Vec<GroupId>,
}

/// What is known of a column: the place of an equal one, or its lines.
enum Seen {
    Before(usize),
    New(Vec<Line>),
}

/// The distinct columns of some groups, in the order of the first groups that have them; `lines` names what stands in one, for
/// the groups that have it.
pub(super) fn distinct(
    asked: &[GroupId],
    column: impl Fn(GroupId) -> Vec<Piece> + Sync,
    lines: impl Fn(&[Piece], &[GroupId]) -> Vec<Line> + Sync,
) -> Vec<Alike> {
    let mut found: Vec<Alike> = Vec::new();
    let mut by_hash: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
    for some in asked.chunks(AT_ONCE) {
        let columns = together(parallel::map(some, |id| Column::new(*id, column(*id))));
        let seen = parallel::map(&columns, |Column { hash, pieces, groups }| {
            let mut known = by_hash.get(hash).into_iter().flatten();
            match known.find(|at| column(found[**at].0[0]) == *pieces) {
                Some(at) => Seen::Before(*at),
                None => Seen::New(lines(pieces, groups)),
            }
        });
        for (Column { hash, groups, .. }, seen) in columns.into_iter().zip(seen) {
            match seen {
                Seen::Before(at) => {
                    let (known, named) = &mut found[at];
                    let was_alone = known.len() == 1;
                    known.extend(groups);
                    if was_alone {
                        *named = lines(&column(known[0]), known); // a pod alone is named beside itself
                    }
                }
                Seen::New(lines) => {
                    by_hash.entry(hash).or_default().push(found.len());
                    found.push((groups, lines));
                }
            }
        }
    }
    found
}

impl Column {
    fn new(id: GroupId, pieces: Vec<Piece>) -> Self {
        Self { hash: FxBuildHasher.hash_one(&pieces), pieces, groups: vec![id] }
    }
}

/// Equal columns as one.
fn together(columns: Vec<Column>) -> Vec<Column> {
    let mut by_hash: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
    let mut found: Vec<Column> = Vec::new();
    for column in columns {
        let known = by_hash.entry(column.hash).or_default();
        if let Some(at) = known.iter().find(|at| found[**at].pieces == column.pieces) {
            found[*at].groups.extend(column.groups);
        } else {
            known.push(found.len());
            found.push(column);
        }
    }
    found
}
