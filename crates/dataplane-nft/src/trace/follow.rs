//! Leads a packet from rule to rule.

use std::collections::BTreeMap;

use podfence_netlink::nft::{
    Data, Element, Expr, Name, Nftables, Register, Rule, RuleInfo, Set, Table, Value, Verdict,
};

use super::registers::Registers;
use super::{Asked, End, Hop, Opening, Step, Trace};
use crate::error::DataplaneError;
use crate::frame::Body;
use crate::ledger::OWN_TABLE;
use crate::refusal::Refusal;
use crate::verify::Difference;

/// Why a packet is not led on.
enum Stop {
    End(End),
    Error(DataplaneError),
}

impl From<DataplaneError> for Stop {
    fn from(error: DataplaneError) -> Self {
        Self::Error(error)
    }
}

impl From<podfence_netlink::Error> for Stop {
    fn from(error: podfence_netlink::Error) -> Self {
        Self::Error(error.into())
    }
}

/// Leads a packet through a table that was written as `bodies` says.
pub(crate) fn follow(
    nft: &mut Nftables,
    table: &Table,
    bodies: impl IntoIterator<Item = Body>,
    packet: &Opening,
) -> Result<Trace, DataplaneError> {
    let own = nft.table(table)?;
    if own.is_none_or(|info| info.suspended || info.comment.as_ref() != Some(&OWN_TABLE)) {
        return Ok(Trace { steps: Vec::new(), end: End::Altered(Difference::Table(table.clone())) });
    }
    let written = bodies.into_iter().map(|body| (body.chain.name.clone(), body)).collect();
    let sets = nft.sets(table)?.into_iter().map(|info| (info.set.name.clone(), info.set)).collect();
    let registers = Registers::empty();
    let mut led = Led { nft, table, written, sets, packet, registers, steps: Vec::new() };
    let end = match led.lead() {
        Ok(()) => End::Passed,
        Err(Stop::End(end)) => end,
        Err(Stop::Error(error)) => return Err(error),
    };
    Ok(Trace { steps: led.steps, end })
}

/// A packet on its way.
struct Led<'a> {
    nft: &'a mut Nftables,
    table: &'a Table,
    written: BTreeMap<Name, Body>,
    sets: BTreeMap<Name, Set>,
    packet: &'a Opening,
    registers: Registers,
    steps: Vec<Step>,
}

impl Led<'_> {
    fn lead(&mut self) -> Result<(), Stop> {
        let last = match self.packet.hop {
            Hop::Forward => "forward",
            Hop::Input => "input",
        };
        for base in ["sources", last] {
            self.chain(&Name::constant(base))?;
        }
        Ok(())
    }

    /// The verdict of a chain on this packet: accepted, or on behind whoever called it.
    fn chain(&mut self, name: &Name) -> Result<Passage, Stop> {
        let (rules, listed) = self.rules(name)?;
        for (rule, listed) in rules.iter().zip(&listed) {
            match self.rule(rule)? {
                None | Some(Verdict::Continue) => {}
                Some(Verdict::Accept) => return Ok(Passage::Accepted),
                Some(Verdict::Drop) => return Err(Stop::End(dropped(name, listed))),
                Some(Verdict::Return) => return Ok(Passage::Back),
                Some(Verdict::Goto(next)) => return self.chain(&next),
                Some(Verdict::Jump(next)) => {
                    if self.chain(&next)? == Passage::Accepted {
                        return Ok(Passage::Accepted);
                    }
                }
            }
        }
        Ok(Passage::Back)
    }

    /// The rules of a chain, as they were written and as the kernel lists them.
    fn rules(&mut self, name: &Name) -> Result<(Vec<Rule>, Vec<RuleInfo>), Stop> {
        let Some(body) = self.written.get(name) else {
            return Err(altered(Difference::Chain(name.clone())));
        };
        let rules = body.rules.clone();
        let about = body.chain.comment.as_ref().map(ToString::to_string);
        let listed = self.nft.rules(self.table, Some(name))?;
        self.steps.push(Step { chain: name.to_string(), about, asked: Vec::new() });
        let same = listed.len() == rules.len() && listed.iter().zip(&rules).all(|(info, rule)| info.is(rule));
        if same { Ok((rules, listed)) } else { Err(altered(Difference::Rules(name.clone()))) }
    }

    /// The verdict of a rule; `None` if it does not match, or gives none.
    fn rule(&mut self, rule: &Rule) -> Result<Option<Verdict>, Stop> {
        for expression in rule.expressions() {
            match self.expression(expression)? {
                Outcome::On => {}
                Outcome::NoMatch => return Ok(None),
                Outcome::Verdict(verdict) => return Ok(Some(verdict)),
            }
        }
        Ok(None)
    }

    fn expression(&mut self, expression: &Expr) -> Result<Outcome, Stop> {
        let matches = match expression {
            Expr::Load { from, into } => match self.packet.load(*from) {
                Some(bytes) => {
                    self.registers.put(*into, &bytes);
                    true
                }
                None => false,
            },
            Expr::Immediate { value, into } => {
                self.registers.put(*into, value.as_bytes());
                true
            }
            Expr::Bitwise { register, mask, xor } => {
                self.registers.mask(*register, mask, xor);
                true
            }
            Expr::Compare { register, comparison, value } => {
                self.registers.compares(*register, *comparison, value)
            }
            Expr::Range { register, inverted, first, last } => {
                let value = self.registers.get(*register, first.width());
                (first.as_bytes()..=last.as_bytes()).contains(&value) != *inverted
            }
            Expr::Lookup { set, register, inverted } => self.find(set, *register)?.is_some() != *inverted,
            Expr::VerdictMap { map, register } => {
                let data = self.find(map, *register)?.and_then(|element| element.data);
                let Some(Data::Verdict(verdict)) = data else { return Ok(Outcome::NoMatch) };
                return Ok(Outcome::Verdict(verdict));
            }
            Expr::Verdict(verdict) => return Ok(Outcome::Verdict(verdict.clone())),
            // What these do to the packet or its connection concerns no rule behind them.
            Expr::Counter | Expr::Log(_) | Expr::SetCt { .. } => true,
            _ => return Err(DataplaneError::Untraceable.into()),
        };
        Ok(if matches { Outcome::On } else { Outcome::NoMatch })
    }

    fn find(&mut self, name: &Name, register: Register) -> Result<Option<Element>, Stop> {
        let Some(set) = self.sets.get(name) else { return Err(altered(Difference::Set(name.clone()))) };
        let key = Value::from_bytes(self.registers.get(register, set.key_width()));
        let key = key.map_err(|_| DataplaneError::Untraceable)?;
        let found = self.nft.find(self.table, name, &key)?;
        if let Some(step) = self.steps.last_mut() {
            step.asked.push(Asked { set: name.to_string(), holds: found.is_some() });
        }
        Ok(found)
    }
}

/// How a packet leaves a chain that does not drop it.
#[derive(PartialEq, Eq)]
enum Passage {
    Accepted,
    Back,
}

/// What an expression makes of a packet.
enum Outcome {
    On,
    NoMatch,
    Verdict(Verdict),
}

fn altered(difference: Difference) -> Stop {
    Stop::End(End::Altered(difference))
}

fn dropped(chain: &Name, listed: &RuleInfo) -> End {
    let word = chain.as_str().strip_prefix("refused_");
    let why = word.and_then(|word| Refusal::ALL.into_iter().find(|refusal| refusal.word() == word));
    End::Dropped { why, counted: listed.counter.as_ref().map_or(0, |counter| counter.packets) }
}
