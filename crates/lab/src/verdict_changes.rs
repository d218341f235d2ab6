//! Which verdicts a change of the world changed, in the engine and then in the kernel.
//!
//! Of the flows, exactly those whose verdict changed are tried, and a sample of the others, which must not have changed either;
//! Services, Ingresses and names are few and all tried. The changes are folded as the grid folds: a whole cell that changed alike is one
//! line, otherwise each pair of pods has its own. Start at [`Cluster::follow`].

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use podfence_engine::{Engine, Outcome as Verdict};
use podfence_model::{Family, Flow, World};
use podfence_report::change::VerdictChange;
use podfence_report::grid::{Cell, Sign};

use crate::asked::Asked;
use crate::check::Checked;
use crate::cluster::Cluster;
use crate::entry_check::EntryChecked;
use crate::ingress::check::IngressChecked;
use crate::run::Findings;
use crate::service_check::{NameChecked, ServiceChecked};
use crate::table::{self, Column, Target};

/// Flows that did not change and are tried all the same.
const SAMPLE: usize = 40;

/// What was found after a change.
#[derive(Debug)]
pub struct Followed {
    /// The verdicts that changed.
    pub changes: Vec<VerdictChange>,
    /// Everything that was tried.
    pub findings: Findings,
}

impl Cluster {
    /// Asks the kernel about what changed. `before` is the engine of the world before, and what was found then. The cluster has
    /// been brought to its world already, which `engine` judges.
    pub fn follow(&self, before: (&Engine, &Findings), engine: &Engine, timeout: Duration) -> Followed {
        let everything = Asked::everything(&self.world);
        let seen: Vec<Seen> = everything.flows.iter().map(|flow| Seen::new(flow, before.0, engine)).collect();
        let (changed, others): (Vec<&Seen>, Vec<&Seen>) = seen.iter().partition(|one| one.changed());
        let flows = changed.into_iter().chain(sample(others)).map(|one| one.flow.clone()).collect();
        let asked = Asked { flows, ..everything };
        let findings = self.run(engine, &asked, timeout);
        let mut items = flow_items(&self.world, &seen, &findings);
        items.extend(findings.services.iter().map(|one| service_item(&self.world, &before.1.services, one)));
        items.extend(
            findings.entries.iter().filter_map(|one| entry_item(&self.world, &before.1.entries, one)),
        );
        items.extend(findings.ingresses.iter().map(|one| ingress_item(&before.1.ingresses, one)));
        items.extend(findings.names.iter().map(|one| name_item(&self.world, &before.1.names, one)));
        Followed { changes: fold(items), findings }
    }
}

fn service_item(world: &World, before: &[ServiceChecked], one: &ServiceChecked) -> Item {
    let before = before.iter().find(|other| other.asked == one.asked);
    let (to, on) =
        (format!("svc {}", one.asked.service), format!("{} {}", one.asked.protocol, one.asked.port));
    Item {
        cell: (table::pods(world, &one.asked.source), Target::Service(to.clone(), on.clone())),
        family: Some(Family::of(one.asked.address)),
        pair: (one.asked.source.to_string(), to, on),
        before: before.map(|other| table::fold_verdicts(&other.engine)),
        now: Some(table::service_cell(one)),
        after: table::fold_verdicts(&one.engine),
    }
}

/// None for ways that the grid leaves out.
fn entry_item(world: &World, before: &[EntryChecked], one: &EntryChecked) -> Option<Item> {
    let before = before.iter().find(|other| other.asked == one.asked);
    let (target, column, cell) = table::entry(world, one)?;
    let (to, on) = table::texts(&target);
    Some(Item {
        cell: (column, target),
        family: one.asked.source.address().map(Family::of),
        pair: (one.asked.source.to_string(), to, on),
        before: before.map(|other| table::fold_verdicts(&other.engine)),
        now: Some(cell),
        after: table::fold_verdicts(&one.engine),
    })
}

fn ingress_item(before: &[IngressChecked], one: &IngressChecked) -> Item {
    let before = before.iter().find(|other| other.asked == one.asked);
    let (target, cell) = table::ingress(one);
    let (to, on) = table::texts(&target);
    Item {
        cell: (Column::Outside, target),
        family: one.asked.family(),
        pair: (table::column_text(&Column::Outside), to, on),
        before: before.map(|other| table::ingress(other).1.engine),
        now: Some(cell),
        after: cell.engine,
    }
}

fn name_item(world: &World, before: &[NameChecked], one: &NameChecked) -> Item {
    let before = before.iter().find(|other| other.asked == one.asked);
    Item {
        cell: (table::pods(world, &one.asked.source), Target::Names),
        family: None,
        pair: (one.asked.source.to_string(), format!("name {}", one.asked.name), "DNS".into()),
        before: before.map(|other| table::fold_verdicts(&other.engine)),
        now: Some(table::name_cell(one)),
        after: table::fold_verdicts(&one.engine),
    }
}

/// A flow, and what two engines say of it.
struct Seen {
    flow: Flow,
    before: Option<Verdict>,
    after: Option<Verdict>,
}

impl Seen {
    fn new(flow: &Flow, before: &Engine, after: &Engine) -> Self {
        let verdict = |engine: &Engine| engine.answer(flow).ok().map(|answer| answer.outcome);
        Self { flow: flow.clone(), before: verdict(before), after: verdict(after) }
    }

    fn changed(&self) -> bool {
        self.before != self.after
    }
}

/// Some of the flows, others each time.
fn sample(flows: Vec<&Seen>) -> Vec<&Seen> {
    let random = RandomState::new();
    let mut drawn: Vec<(u64, &Seen)> =
        flows.into_iter().map(|one| (random.hash_one(&one.flow), one)).collect();
    drawn.sort_unstable_by_key(|(number, _)| *number);
    drawn.into_iter().take(SAMPLE).map(|(_, one)| one).collect()
}

/// Where the grid shows a connection; the order is the grid's.
type Place = (Column, Target);
/// From, to and on.
type Name = (String, String, String);
/// Before, after, in the kernel, and whether they agree.
type Outcome = (Option<Sign>, Sign, Sign, bool);
/// What came of a line in each family; `None` where nothing changed.
type ByFamily = BTreeMap<Option<Family>, BTreeSet<Option<Outcome>>>;

/// One connection, where the grid shows it, and what is said of it.
struct Item {
    cell: Place,
    family: Option<Family>,
    /// This connection alone.
    pair: Name,
    before: Option<Sign>,
    /// What the engine says now.
    after: Sign,
    /// What was found; `None` if it was not tried.
    now: Option<Cell>,
}

impl Item {
    /// What to tell of it; nothing if all is as before and as it must be.
    fn outcome(&self) -> Option<Outcome> {
        let agree = self.now.is_none_or(|cell| cell.agree);
        let told = self.now.map_or(self.after, |cell| cell.engine);
        let kernel = self.now.map_or(self.after, |cell| cell.kernel);
        (!agree || self.before != Some(self.after)).then_some((self.before, told, kernel, agree))
    }
}

fn flow_items(world: &World, seen: &[Seen], findings: &Findings) -> Vec<Item> {
    let tried: BTreeMap<&Flow, &Checked> = findings.flows.iter().map(|one| (&one.flow, one)).collect();
    let item = |one: &Seen| {
        let (target, column) = table::place(world, &one.flow)?;
        let Flow { source, destination, layer4 } = &one.flow;
        Some(Item {
            cell: (column, target),
            family: destination.address().map(Family::of),
            pair: (source.to_string(), destination.to_string(), layer4.to_string()),
            before: one.before.as_ref().map(sign),
            after: one.after.as_ref().map_or(Sign::Unknown, sign),
            now: tried.get(&one.flow).map(|checked| table::flow_cell(checked)),
        })
    };
    seen.iter().filter_map(item).collect()
}

fn sign(verdict: &Verdict) -> Sign {
    match verdict {
        Verdict::Allowed => Sign::Open,
        Verdict::Denied => Sign::Closed,
        Verdict::Undecidable(_) => Sign::Unknown,
    }
}

/// Folds what changed: cells that changed as a whole, then families that changed alike.
fn fold(items: Vec<Item>) -> Vec<VerdictChange> {
    let mut cells: BTreeMap<_, Vec<Item>> = BTreeMap::new();
    for item in items {
        cells.entry((item.cell.clone(), item.family)).or_default().push(item);
    }
    let mut lines: BTreeMap<(Place, Name), ByFamily> = BTreeMap::new();
    for ((cell, family), items) in cells {
        for (name, outcome) in lines_of(&cell, &items) {
            let line = lines.entry((cell.clone(), name)).or_default();
            line.entry(family).or_default().insert(outcome);
        }
    }
    fold_nodes(&lines).iter().flat_map(|((_, name), families)| of_line(name, families)).collect()
}

/// Lines that say the same for every node that a connection may enter by become one.
fn fold_nodes(lines: &BTreeMap<(Place, Name), ByFamily>) -> BTreeMap<(Place, Name), ByFamily> {
    let folded = |((place, name), families): (&(Place, Name), &ByFamily)| {
        let twins = || lines.iter().filter(|((p, n), _)| by_any_node(p, n) == by_any_node(place, name));
        let any = by_any_node(place, name).filter(|_| twins().count() > 1);
        let any = any.filter(|_| twins().all(|(_, other)| other == families));
        (any.unwrap_or_else(|| (place.clone(), name.clone())), families.clone())
    };
    lines.iter().map(folded).collect()
}

fn by_any_node((column, target): &Place, (from, ..): &Name) -> Option<(Place, Name)> {
    let any = table::by_any_node(target)?;
    let (to, on) = table::texts(&any);
    Some(((column.clone(), any), (from.clone(), to, on)))
}

/// The lines of a cell in one family: one if all of it came out alike, otherwise one for each pair.
fn lines_of((column, target): &Place, items: &[Item]) -> Vec<(Name, Option<Outcome>)> {
    let outcomes: BTreeSet<Option<Outcome>> = items.iter().map(Item::outcome).collect();
    if let (Some(one), 1) = (outcomes.first(), outcomes.len()) {
        let (to, on) = table::texts(target);
        return vec![((table::column_text(column), to, on), *one)];
    }
    items.iter().map(|item| (item.pair.clone(), item.outcome())).collect()
}

/// One line where all families say the same, otherwise one for each that has something to tell.
fn of_line(
    name: &Name,
    families: &BTreeMap<Option<Family>, BTreeSet<Option<Outcome>>>,
) -> Vec<VerdictChange> {
    let (from, to, on) = name;
    let alike = families.values().collect::<BTreeSet<_>>().len() == 1;
    let told = families.iter().take(if alike { 1 } else { families.len() });
    let outcomes =
        told.flat_map(|(family, outcomes)| outcomes.iter().flatten().map(move |one| (family, one)));
    let change = |(family, (before, after, kernel, agree)): (&Option<Family>, &Outcome)| VerdictChange {
        from: from.clone(),
        to: to.clone(),
        on: family.filter(|_| !alike).map_or_else(|| on.clone(), |family| format!("{on} {family}")),
        before: *before,
        after: *after,
        kernel: *kernel,
        agree: *agree,
    };
    outcomes.map(change).collect()
}
