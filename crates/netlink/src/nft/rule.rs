//! A rule as a chain of calls: matches from left to right, then what to do.
//!
//! Every match starts again at the first register, so that rules hold no state between matches and list readably.

use std::net::IpAddr;

use super::element::Verdict;
use super::expr::{Comparison, Expr, IpVersion, Limit, Log, Nat, NatKind, Register, Rejection};
use super::load::{CtKey, Load, MetaKey};
use super::name::{Comment, Name};
use super::value::Value;

/// The expressions of a rule and its comment. A rule that needs more than the kernel's 16 registers or 128 expressions is refused
/// when it is added to a batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rule {
    expressions: Vec<Expr>,
    comment: Option<Comment>,
    too_wide: bool,
}

impl Rule {
    /// A rule that matches everything and does nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more expression, for what the other calls do not offer.
    #[must_use]
    pub fn expression(mut self, expression: Expr) -> Self {
        self.expressions.push(expression);
        self
    }

    /// Shown by `nft list`.
    #[must_use]
    pub fn comment(self, comment: Comment) -> Self {
        Self { comment: Some(comment), ..self }
    }

    /// Only packets of this IP version: `meta nfproto`.
    #[must_use]
    pub fn nfproto(self, version: IpVersion) -> Self {
        self.eq(Load::NFPROTO, Value::byte(version as u8))
    }

    /// Only packets of this transport protocol: `meta l4proto`.
    #[must_use]
    pub fn l4proto(self, protocol: u8) -> Self {
        self.eq(Load::L4PROTO, Value::byte(protocol))
    }

    /// Matches when the field has this value.
    #[must_use]
    pub fn eq(self, field: Load, value: impl Into<Value>) -> Self {
        self.compare(field, Comparison::Eq, value)
    }

    /// Matches when the field has another value.
    #[must_use]
    pub fn ne(self, field: Load, value: impl Into<Value>) -> Self {
        self.compare(field, Comparison::Ne, value)
    }

    /// Matches by comparing big-endian numbers.
    #[must_use]
    pub fn compare(self, field: Load, comparison: Comparison, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.load(field).expression(Expr::Compare { register: Register::FIRST, comparison, value })
    }

    /// Matches when the field is between two values, both included.
    #[must_use]
    pub fn in_range(self, field: Load, first: impl Into<Value>, last: impl Into<Value>) -> Self {
        let (first, last) = (first.into(), last.into());
        self.load(field).expression(Expr::Range { register: Register::FIRST, inverted: false, first, last })
    }

    /// Matches when the bits of the field that the mask keeps have this value.
    #[must_use]
    pub fn masked_eq(self, field: Load, mask: impl Into<Value>, value: impl Into<Value>) -> Self {
        self.masked(field, mask.into(), Comparison::Eq, value.into())
    }

    /// Matches when the bits of the field that the mask keeps have another value.
    #[must_use]
    pub fn masked_ne(self, field: Load, mask: impl Into<Value>, value: impl Into<Value>) -> Self {
        self.masked(field, mask.into(), Comparison::Ne, value.into())
    }

    /// Matches when any of these bits is set: `ct state established,related`.
    #[must_use]
    pub fn any_of(self, field: Load, bits: impl Into<Value>) -> Self {
        let bits = bits.into();
        self.masked(field, bits, Comparison::Ne, Value::zero(bits.width()))
    }

    /// Matches when none of these bits is set.
    #[must_use]
    pub fn none_of(self, field: Load, bits: impl Into<Value>) -> Self {
        let bits = bits.into();
        self.masked(field, bits, Comparison::Eq, Value::zero(bits.width()))
    }

    fn masked(self, field: Load, mask: Value, comparison: Comparison, value: Value) -> Self {
        let register = Register::FIRST;
        self.load(field)
            .expression(Expr::Bitwise { register, mask, xor: Value::zero(mask.width()) })
            .expression(Expr::Compare { register, comparison, value })
    }

    /// Matches when the concatenated fields are in the set.
    #[must_use]
    pub fn in_set(self, fields: &[Load], set: &Name) -> Self {
        self.lookup(fields, set, false)
    }

    /// Matches when the concatenated fields are not in the set.
    #[must_use]
    pub fn not_in_set(self, fields: &[Load], set: &Name) -> Self {
        self.lookup(fields, set, true)
    }

    fn lookup(self, fields: &[Load], set: &Name, inverted: bool) -> Self {
        let lookup = Expr::Lookup { set: set.clone(), register: Register::FIRST, inverted };
        self.concat(fields).expression(lookup)
    }

    /// The verdict that the map has for the concatenated fields; without one the rule does not match.
    #[must_use]
    pub fn vmap(self, fields: &[Load], map: &Name) -> Self {
        self.concat(fields).expression(Expr::VerdictMap { map: map.clone(), register: Register::FIRST })
    }

    /// The value that the map has for the concatenated fields, in the first registers; without one the rule does not match.
    #[must_use]
    pub fn value_map(self, fields: &[Load], map: &Name) -> Self {
        let (register, into) = (Register::FIRST, Register::FIRST);
        self.concat(fields).expression(Expr::ValueMap { map: map.clone(), register, into })
    }

    fn load(self, field: Load) -> Self {
        self.concat(&[field])
    }

    fn concat(mut self, fields: &[Load]) -> Self {
        let mut next = Some(Register::FIRST);
        for field in fields {
            let Some(into) = next else { break };
            self.expressions.push(Expr::Load { from: *field, into });
            next = into.after(field.width());
        }
        let bytes: usize = fields.iter().map(|field| field.width().next_multiple_of(4)).sum();
        self.too_wide |= bytes > Register::COUNT * 4;
        self
    }

    /// Matches when the Jenkins hash of the field, below `modulus`, is this number. The same field gives the same number in
    /// every rule.
    #[must_use]
    pub fn hashed(self, field: Load, modulus: u32, number: u32) -> Self {
        const SEED: u32 = 0x706f_6466;
        let (from, length) = (Register::FIRST, u32::try_from(field.width()).unwrap_or_default());
        let hash = Expr::Hash { from, length, into: Register::FIRST, modulus, seed: SEED };
        let (register, value) = (Register::FIRST, Value::host32(number));
        self.load(field).expression(hash).expression(Expr::Compare {
            register,
            comparison: Comparison::Eq,
            value,
        })
    }

    /// Counts what got here.
    #[must_use]
    pub fn counter(self) -> Self {
        self.expression(Expr::Counter)
    }

    /// Sends what got here to an NFLOG group.
    #[must_use]
    pub fn log(self, log: Log) -> Self {
        self.expression(Expr::Log(log))
    }

    /// Matches at a limited rate.
    #[must_use]
    pub fn limit(self, limit: Limit) -> Self {
        self.expression(Expr::Limit(limit))
    }

    /// Sets the bits of the connection mark that `mask` names to `value`: `ct mark set ct mark & ~mask | value`. A mask of all bits
    /// writes the mark without reading it.
    #[must_use]
    pub fn set_ct_mark(self, value: u32, mask: u32) -> Self {
        self.prepare_mark(Load::CT_MARK, value, mask)
            .expression(Expr::SetCt { key: CtKey::Mark, register: Register::FIRST })
    }

    /// Sets the bits of the packet mark that `mask` names to `value`.
    #[must_use]
    pub fn set_meta_mark(self, value: u32, mask: u32) -> Self {
        self.prepare_mark(Load::MARK, value, mask)
            .expression(Expr::SetMeta { key: MetaKey::Mark, register: Register::FIRST })
    }

    fn prepare_mark(self, field: Load, value: u32, mask: u32) -> Self {
        let (register, value) = (Register::FIRST, Value::host32(value & mask));
        if mask == u32::MAX {
            return self.expression(Expr::Immediate { value, into: register });
        }
        self.load(field).expression(Expr::Bitwise { register, mask: Value::host32(!mask), xor: value })
    }

    /// Destination NAT to an address, and a port if given (the rule must have matched the protocol then).
    #[must_use]
    pub fn dnat(self, address: IpAddr, port: Option<u16>) -> Self {
        self.translate(NatKind::Destination, address, port)
    }

    /// Source NAT to an address.
    #[must_use]
    pub fn snat(self, address: IpAddr) -> Self {
        self.translate(NatKind::Source, address, None)
    }

    fn translate(mut self, kind: NatKind, address: IpAddr, port: Option<u16>) -> Self {
        let version = if address.is_ipv4() { IpVersion::V4 } else { IpVersion::V6 };
        self.expressions.push(Expr::Immediate { value: address.into(), into: Register::FIRST });
        let port_register = port.and_then(|_| Register::FIRST.after(version.address_width()));
        if let (Some(port), Some(into)) = (port, port_register) {
            self.expressions.push(Expr::Immediate { value: Value::port(port), into });
        }
        let nat = Nat { kind, version, address: Some(Register::FIRST), port: port_register, flags: 0 };
        self.expression(Expr::Nat(nat))
    }

    /// Destination NAT to the address, or with `with_port` to the `address . port`, that a map has for the fields.
    #[must_use]
    pub fn dnat_map(self, version: IpVersion, fields: &[Load], map: &Name, with_port: bool) -> Self {
        let address = Some(Register::FIRST);
        let port = Register::FIRST.after(version.address_width()).filter(|_| with_port);
        let nat = Nat { kind: NatKind::Destination, version, address, port, flags: 0 };
        self.value_map(fields, map).expression(Expr::Nat(nat))
    }

    /// Source NAT to the address of the output interface.
    #[must_use]
    pub fn masquerade(self) -> Self {
        self.expression(Expr::Masquerade { flags: 0 })
    }

    /// Excludes what got here from connection tracking.
    #[must_use]
    pub fn notrack(self) -> Self {
        self.expression(Expr::NoTrack)
    }

    /// The verdict for what got here.
    #[must_use]
    pub fn verdict(self, verdict: Verdict) -> Self {
        self.expression(Expr::Verdict(verdict))
    }

    /// `accept`.
    #[must_use]
    pub fn accept(self) -> Self {
        self.verdict(Verdict::Accept)
    }

    /// `drop`.
    #[must_use]
    pub fn drop(self) -> Self {
        self.verdict(Verdict::Drop)
    }

    /// `reject`: dropped, and the sender is told.
    #[must_use]
    pub fn reject(self, with: Rejection) -> Self {
        self.expression(Expr::Reject(with))
    }

    /// `return`.
    #[must_use]
    pub fn ret(self) -> Self {
        self.verdict(Verdict::Return)
    }

    /// `jump` to a chain of the same table.
    #[must_use]
    pub fn jump(self, chain: &Name) -> Self {
        self.verdict(Verdict::Jump(chain.clone()))
    }

    /// `goto` a chain of the same table.
    #[must_use]
    pub fn goto(self, chain: &Name) -> Self {
        self.verdict(Verdict::Goto(chain.clone()))
    }

    /// The expressions in order.
    pub fn expressions(&self) -> &[Expr] {
        &self.expressions
    }

    pub(crate) fn comment_text(&self) -> Option<&Comment> {
        self.comment.as_ref()
    }

    pub(crate) const fn is_too_wide(&self) -> bool {
        self.too_wide
    }
}
