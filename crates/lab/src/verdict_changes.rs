//! What a change of the world changed: verdicts of the engine, who listens, and then the kernel.
//!
//! Of the flows, exactly those whose outcome changed are tried, those that expected verdicts speak about, and a sample of the others,
//! which must not have changed either; Services, Ingresses and names are few and all tried. The changes are folded as the grid
//! folds: a whole cell that changed alike is one line, otherwise each pair of pods has its own. Start at [`Cluster::follow`].

mod seen;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use podfence_engine::{Engine, Outcome as Verdict};
use podfence_model::{Family, Flow, World};
use podfence_report::change::VerdictChange;
use podfence_report::grid::{Cell, Sign};

use self::seen::{Seen, sample};
use crate::asked::{Asked, ServiceQuestion};
use crate::check::Checked;
use crate::cluster::Cluster;
use crate::entry_check::{EntryChecked, EntryQuestion};
use crate::expect::Ask;
use crate::foreseen;
use crate::ingress::check::IngressChecked;
use crate::run::Findings;
use crate::service_check::{NameChecked, ServiceChecked};
use crate::table::{self, Column, Target};

/// The cluster before a change.
#[derive(Debug, Clone, Copy)]
pub struct Before<'a> {
    /// Its world.
    pub world: &'a World,
    /// What judged it.
    pub engine: &'a Engine,
    /// What was found then.
    pub findings: &'a Findings,
}

/// What was found after a change.
#[derive(Debug)]
pub struct Followed {
    /// What changed.
    pub changes: Vec<VerdictChange>,
    /// Everything that was tried.
    pub findings: Findings,
    /// How many connections a full run would try.
    pub possible: usize,
}

impl Cluster {
    /// Asks the kernel about what changed, and what `asks` speak about. The cluster has been brought to its world already,
    /// which `engine` judges.
    pub fn follow(&self, before: Before<'_>, engine: &Engine, asks: &[Ask], timeout: Duration) -> Followed {
        let (world, then) = (&self.world, before.findings);
        let mut stated = Asked::default();
        stated.add(asks);
        let mut everything = Asked::everything(world);
        everything.add(asks);
        let possible = everything.count();
        let (shown, named) = seen::both(&everything.flows, before, (world, engine));
        let (told, others): (Vec<&Seen>, Vec<&Seen>) =
            shown.iter().partition(|one| one.changed() || stated.flows.contains(&one.flow));
        let tried = told.into_iter().chain(sample(others)).chain(named.iter().filter(|one| one.changed()));
        let asked = Asked { flows: tried.map(|one| one.flow.clone()).collect(), ..everything };
        let findings = self.run(engine, &asked, timeout);
        let mut items = flow_items(world, shown.iter().chain(&named), &findings);
        items.extend(findings.services.iter().map(|one| service_item(before, world, one)));
        items.extend(findings.entries.iter().filter_map(|one| entry_item(before, world, one)));
        items.extend(findings.ingresses.iter().map(|one| ingress_item(&then.ingresses, one)));
        items.extend(findings.names.iter().map(|one| name_item(world, &then.names, one)));
        Followed { changes: fold(items), findings, possible }
    }
}

fn service_item(before: Before<'_>, world: &World, one: &ServiceChecked) -> Item {
    let ServiceQuestion { source, service, protocol, port, address } = &one.asked;
    let then = before.findings.services.iter().find(|other| other.asked == one.asked);
    let foreseen = |world: &World, engine: &[Verdict]| {
        foreseen::through(world, service, (*protocol, *port), table::fold_verdicts(engine))
    };
    let (to, on) = (format!("svc {service}"), format!("{protocol} {port}"));
    Item {
        cell: (table::pods(world, source), Target::Service(to.clone(), on.clone())),
        family: Some(Family::of(*address)),
        pair: (source.to_string(), to, on),
        before: then.map(|other| foreseen(before.world, &other.engine)),
        now: Some(table::service_cell(one)),
        after: foreseen(world, &one.engine),
    }
}

/// None for ways that the grid leaves out.
fn entry_item(before: Before<'_>, world: &World, one: &EntryChecked) -> Option<Item> {
    let EntryQuestion { source, service, protocol, port, .. } = &one.asked;
    let then = before.findings.entries.iter().find(|other| other.asked == one.asked);
    let foreseen = |world: &World, engine: &[Verdict]| {
        foreseen::through(world, service, (*protocol, *port), table::fold_verdicts(engine))
    };
    let (target, column, cell) = table::entry(world, one)?;
    let (to, on) = table::texts(&target);
    Some(Item {
        cell: (column, target),
        family: source.address().map(Family::of),
        pair: (source.to_string(), to, on),
        before: then.map(|other| foreseen(before.world, &other.engine)),
        now: Some(cell),
        after: foreseen(world, &one.engine),
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
        let told = match self.now {
            Some(cell) if self.after != Sign::Mixed => cell.engine,
            _ => self.after, // the kernel has chosen one
        };
        let kernel = self.now.map_or(self.after, |cell| cell.kernel);
        (!agree || self.before != Some(self.after)).then_some((self.before, told, kernel, agree))
    }
}

fn flow_items<'a>(world: &World, seen: impl Iterator<Item = &'a Seen>, findings: &Findings) -> Vec<Item> {
    let tried: BTreeMap<&Flow, &Checked> = findings.flows.iter().map(|one| (&one.flow, one)).collect();
    let item = |one: &Seen| {
        let (target, column) = table::place(world, &one.flow)?;
        let Flow { source, destination, layer4 } = &one.flow;
        Some(Item {
            cell: (column, target),
            family: destination.address().map(Family::of),
            pair: (source.to_string(), destination.to_string(), layer4.to_string()),
            before: one.before,
            after: one.after.unwrap_or(Sign::Unknown),
            now: tried.get(&one.flow).map(|checked| table::flow_cell(checked)),
        })
    };
    seen.filter_map(item).collect()
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

/// The lines of a cell in one family: one if all of it came out alike. Otherwise one for each receiver that came out alike for all
/// senders, and for each sender that came out alike to all receivers; the rest pair by pair.
fn lines_of((column, target): &Place, items: &[Item]) -> Vec<(Name, Option<Outcome>)> {
    let (from, (to, on)) = (table::column_text(column), table::texts(target));
    let outcomes: BTreeSet<Option<Outcome>> = items.iter().map(Item::outcome).collect();
    if let (Some(one), 1) = (outcomes.first(), outcomes.len()) {
        return vec![((from, to, on), *one)];
    }
    let (to_one, from_one) = (unlike(items, |item| &item.pair.1), unlike(items, |item| &item.pair.0));
    let name = |item: &Item| {
        let (sender, receiver, _) = &item.pair;
        if !to_one.contains(receiver) {
            (from.clone(), receiver.clone(), on.clone())
        } else if !from_one.contains(sender) {
            (sender.clone(), to.clone(), on.clone())
        } else {
            item.pair.clone()
        }
    };
    items.iter().map(|item| (name(item), item.outcome())).collect()
}

/// The keys whose items came out in several ways.
fn unlike<'a, K: Ord>(items: &'a [Item], key: impl Fn(&'a Item) -> K) -> BTreeSet<K> {
    let mut found: BTreeMap<K, BTreeSet<Option<Outcome>>> = BTreeMap::new();
    for item in items {
        found.entry(key(item)).or_default().insert(item.outcome());
    }
    found.into_iter().filter(|(_, outcomes)| outcomes.len() > 1).map(|(key, _)| key).collect()
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
