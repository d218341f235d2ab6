//! Expressions, verdicts and values as netlink attributes.

use nix::libc;

use super::constants::{
    LIMIT_OVER, LOOKUP_INVERTED, NFTA_BITWISE_DREG, NFTA_BITWISE_LEN, NFTA_BITWISE_MASK, NFTA_BITWISE_SREG,
    NFTA_BITWISE_XOR, NFTA_CMP_DATA, NFTA_CMP_OP, NFTA_CMP_SREG, NFTA_COUNTER_BYTES, NFTA_COUNTER_PACKETS,
    NFTA_CT_DIRECTION, NFTA_CT_DREG, NFTA_CT_KEY, NFTA_CT_SREG, NFTA_DATA_VALUE, NFTA_DATA_VERDICT,
    NFTA_EXPR_DATA, NFTA_EXPR_NAME, NFTA_FIB_DREG, NFTA_FIB_FLAGS, NFTA_FIB_RESULT, NFTA_HASH_DREG,
    NFTA_HASH_LEN, NFTA_HASH_MODULUS, NFTA_HASH_SEED, NFTA_HASH_SREG, NFTA_HASH_TYPE, NFTA_IMMEDIATE_DATA,
    NFTA_IMMEDIATE_DREG, NFTA_LIMIT_BURST, NFTA_LIMIT_FLAGS, NFTA_LIMIT_RATE, NFTA_LIMIT_TYPE,
    NFTA_LIMIT_UNIT, NFTA_LIST_ELEM, NFTA_LOG_GROUP, NFTA_LOG_PREFIX, NFTA_LOG_QTHRESHOLD, NFTA_LOG_SNAPLEN,
    NFTA_LOOKUP_DREG, NFTA_LOOKUP_FLAGS, NFTA_LOOKUP_SET, NFTA_LOOKUP_SREG, NFTA_MASQ_FLAGS, NFTA_META_DREG,
    NFTA_META_KEY, NFTA_META_SREG, NFTA_NAT_FAMILY, NFTA_NAT_FLAGS, NFTA_NAT_REG_ADDR_MIN,
    NFTA_NAT_REG_PROTO_MIN, NFTA_NAT_TYPE, NFTA_NG_DREG, NFTA_NG_MODULUS, NFTA_NG_TYPE, NFTA_PAYLOAD_BASE,
    NFTA_PAYLOAD_DREG, NFTA_PAYLOAD_LEN, NFTA_PAYLOAD_OFFSET, NFTA_RANGE_FROM_DATA, NFTA_RANGE_OP,
    NFTA_RANGE_SREG, NFTA_RANGE_TO_DATA, NFTA_REJECT_ICMP_CODE, NFTA_REJECT_TYPE, NFTA_VERDICT_CHAIN,
    NFTA_VERDICT_CODE,
};
use super::element::Verdict;
use super::expr::{Expr, Limit, Log, Nat, Register};
use super::load::Load;
use super::name::Name;
use super::value::Value;
use crate::wire::{Attributes, Encode};

const REG_VERDICT: u32 = 0;
/// `NFT_REJECT_ICMPX_PORT_UNREACH`.
const ICMPX_PORT_UNREACHABLE: u8 = 1;
/// `NFT_HASH_JENKINS`.
const HASH_JENKINS: u32 = 0;

/// Attribute types of nf_tables, beside the general ones.
trait EncodeNft {
    fn register(&mut self, kind: u16, register: Register);
    fn value(&mut self, kind: u16, value: &Value);
}

impl EncodeNft for Vec<u8> {
    fn register(&mut self, kind: u16, register: Register) {
        self.put_be32(kind, register.number());
    }

    fn value(&mut self, kind: u16, value: &Value) {
        put_value(self, kind, value);
    }
}

/// `NFTA_DATA_VALUE` inside `kind`.
pub(crate) fn put_value(buffer: &mut Vec<u8>, kind: u16, value: &Value) {
    buffer.nest(kind, |data| data.put(NFTA_DATA_VALUE, value.as_bytes()));
}

/// `NFTA_DATA_VERDICT` inside `kind`.
pub(crate) fn put_verdict(buffer: &mut Vec<u8>, kind: u16, verdict: &Verdict) {
    let (code, chain) = match verdict {
        Verdict::Drop => (libc::NF_DROP, None),
        Verdict::Accept => (libc::NF_ACCEPT, None),
        Verdict::Continue => (libc::NFT_CONTINUE, None),
        Verdict::Return => (libc::NFT_RETURN, None),
        Verdict::Jump(chain) => (libc::NFT_JUMP, Some(chain)),
        Verdict::Goto(chain) => (libc::NFT_GOTO, Some(chain)),
    };
    buffer.nest(kind, |data| {
        data.nest(NFTA_DATA_VERDICT, |verdict| {
            verdict.put(NFTA_VERDICT_CODE, &code.to_be_bytes());
            if let Some(chain) = chain {
                verdict.put_string(NFTA_VERDICT_CHAIN, chain.as_str());
            }
        });
    });
}

/// The verdict inside `NFTA_DATA_VERDICT`.
pub(crate) fn read_verdict(attributes: Attributes<'_>) -> Option<Verdict> {
    let chain = || attributes.string(NFTA_VERDICT_CHAIN).map(Name::from_kernel);
    let code = attributes.get(NFTA_VERDICT_CODE).and_then(crate::wire::array).map(i32::from_be_bytes)?;
    match code {
        libc::NF_DROP => Some(Verdict::Drop),
        libc::NF_ACCEPT => Some(Verdict::Accept),
        libc::NFT_CONTINUE => Some(Verdict::Continue),
        libc::NFT_RETURN => Some(Verdict::Return),
        libc::NFT_JUMP => chain().map(Verdict::Jump),
        libc::NFT_GOTO => chain().map(Verdict::Goto),
        _ => None,
    }
}

/// One expression of a rule's list.
pub(crate) fn put_expression(buffer: &mut Vec<u8>, expression: &Expr) {
    buffer.nest(NFTA_LIST_ELEM, |list| {
        list.put_string(NFTA_EXPR_NAME, name(expression));
        list.nest(NFTA_EXPR_DATA, |data| put_data(data, expression));
    });
}

/// The kernel's name of the expression.
fn name(expression: &Expr) -> &'static str {
    match expression {
        Expr::Load { from, .. } => match from {
            Load::Meta(_) => "meta",
            Load::Payload { .. } => "payload",
            Load::Ct { .. } => "ct",
            Load::Fib { .. } => "fib",
            Load::Numgen { .. } => "numgen",
        },
        Expr::Immediate { .. } | Expr::Verdict(_) => "immediate",
        Expr::Compare { .. } => "cmp",
        Expr::Range { .. } => "range",
        Expr::Bitwise { .. } => "bitwise",
        Expr::Lookup { .. } | Expr::VerdictMap { .. } | Expr::ValueMap { .. } => "lookup",
        Expr::SetMeta { .. } => "meta",
        Expr::SetCt { .. } => "ct",
        Expr::Counter => "counter",
        Expr::Log(_) => "log",
        Expr::Limit(_) => "limit",
        Expr::Nat(_) => "nat",
        Expr::Masquerade { .. } => "masq",
        Expr::NoTrack => "notrack",
        Expr::Hash { .. } => "hash",
        Expr::Reject(_) => "reject",
    }
}

fn put_data(data: &mut Vec<u8>, expression: &Expr) {
    match expression {
        Expr::Load { from, into } => put_load(data, *from, *into),
        Expr::Immediate { value, into } => {
            data.register(NFTA_IMMEDIATE_DREG, *into);
            data.value(NFTA_IMMEDIATE_DATA, value);
        }
        Expr::Verdict(verdict) => {
            data.put_be32(NFTA_IMMEDIATE_DREG, REG_VERDICT);
            put_verdict(data, NFTA_IMMEDIATE_DATA, verdict);
        }
        Expr::Compare { .. } | Expr::Range { .. } | Expr::Bitwise { .. } | Expr::Hash { .. } => {
            put_arithmetic(data, expression);
        }
        Expr::Lookup { set, register, inverted } => {
            put_lookup(data, set, *register, None);
            if *inverted {
                data.put_be32(NFTA_LOOKUP_FLAGS, LOOKUP_INVERTED);
            }
        }
        Expr::VerdictMap { map, register } => put_lookup(data, map, *register, Some(REG_VERDICT)),
        Expr::ValueMap { map, register, into } => put_lookup(data, map, *register, Some(into.number())),
        Expr::SetMeta { key, register } => {
            data.put_be32(NFTA_META_KEY, *key as u32);
            data.register(NFTA_META_SREG, *register);
        }
        Expr::SetCt { key, register } => {
            data.put_be32(NFTA_CT_KEY, *key as u32);
            data.register(NFTA_CT_SREG, *register);
        }
        Expr::Counter => {
            data.put_be64(NFTA_COUNTER_BYTES, 0);
            data.put_be64(NFTA_COUNTER_PACKETS, 0);
        }
        Expr::Log(log) => put_log(data, log),
        Expr::Limit(limit) => put_limit(data, limit),
        Expr::Nat(nat) => put_nat(data, nat),
        Expr::Masquerade { flags: 0 } | Expr::NoTrack => {}
        Expr::Reject(rejection) => {
            data.put_be32(NFTA_REJECT_TYPE, *rejection as u32);
            data.put_u8(NFTA_REJECT_ICMP_CODE, ICMPX_PORT_UNREACHABLE);
        }
        Expr::Masquerade { flags } => data.put_be32(NFTA_MASQ_FLAGS, *flags),
    }
}

fn put_load(data: &mut Vec<u8>, from: Load, into: Register) {
    match from {
        Load::Meta(key) => {
            data.put_be32(NFTA_META_KEY, key as u32);
            data.register(NFTA_META_DREG, into);
        }
        Load::Payload { header, offset, length } => {
            data.register(NFTA_PAYLOAD_DREG, into);
            data.put_be32(NFTA_PAYLOAD_BASE, header as u32);
            data.put_be32(NFTA_PAYLOAD_OFFSET, offset);
            data.put_be32(NFTA_PAYLOAD_LEN, length.into());
        }
        Load::Ct { key, direction } => {
            data.put_be32(NFTA_CT_KEY, key as u32);
            data.register(NFTA_CT_DREG, into);
            if let Some(direction) = direction {
                data.put_u8(NFTA_CT_DIRECTION, direction as u8);
            }
        }
        Load::Fib { result, flags } => {
            data.register(NFTA_FIB_DREG, into);
            data.put_be32(NFTA_FIB_RESULT, result as u32);
            data.put_be32(NFTA_FIB_FLAGS, flags);
        }
        Load::Numgen { kind, modulus } => {
            data.register(NFTA_NG_DREG, into);
            data.put_be32(NFTA_NG_MODULUS, modulus);
            data.put_be32(NFTA_NG_TYPE, kind as u32);
        }
    }
}

fn put_arithmetic(data: &mut Vec<u8>, expression: &Expr) {
    match expression {
        Expr::Compare { register, comparison, value } => {
            data.register(NFTA_CMP_SREG, *register);
            data.put_be32(NFTA_CMP_OP, *comparison as u32);
            data.value(NFTA_CMP_DATA, value);
        }
        Expr::Range { register, inverted, first, last } => {
            data.register(NFTA_RANGE_SREG, *register);
            data.put_be32(NFTA_RANGE_OP, u32::from(*inverted));
            data.value(NFTA_RANGE_FROM_DATA, first);
            data.value(NFTA_RANGE_TO_DATA, last);
        }
        Expr::Bitwise { register, mask, xor } => {
            data.register(NFTA_BITWISE_SREG, *register);
            data.register(NFTA_BITWISE_DREG, *register);
            data.put_be32(NFTA_BITWISE_LEN, u32::try_from(mask.width()).unwrap_or_default());
            data.value(NFTA_BITWISE_MASK, mask);
            data.value(NFTA_BITWISE_XOR, xor);
        }
        Expr::Hash { from, length, into, modulus, seed } => {
            data.register(NFTA_HASH_SREG, *from);
            data.register(NFTA_HASH_DREG, *into);
            data.put_be32(NFTA_HASH_LEN, *length);
            data.put_be32(NFTA_HASH_MODULUS, *modulus);
            data.put_be32(NFTA_HASH_SEED, *seed);
            data.put_be32(NFTA_HASH_TYPE, HASH_JENKINS);
        }
        _ => {}
    }
}

fn put_lookup(data: &mut Vec<u8>, set: &Name, register: Register, destination: Option<u32>) {
    data.put_string(NFTA_LOOKUP_SET, set.as_str());
    data.register(NFTA_LOOKUP_SREG, register);
    if let Some(destination) = destination {
        data.put_be32(NFTA_LOOKUP_DREG, destination);
    }
}

fn put_log(data: &mut Vec<u8>, log: &Log) {
    if let Some(prefix) = &log.prefix {
        data.put_string(NFTA_LOG_PREFIX, prefix.as_str());
    }
    data.put_be16(NFTA_LOG_GROUP, log.group);
    if let Some(bytes) = log.snaplen {
        data.put_be32(NFTA_LOG_SNAPLEN, bytes);
    }
    if let Some(packets) = log.queue_threshold {
        data.put_be16(NFTA_LOG_QTHRESHOLD, packets);
    }
}

fn put_limit(data: &mut Vec<u8>, limit: &Limit) {
    const PACKETS: u32 = 0;
    data.put_be64(NFTA_LIMIT_RATE, limit.packets);
    data.put_be64(NFTA_LIMIT_UNIT, limit.seconds);
    data.put_be32(NFTA_LIMIT_BURST, limit.burst);
    data.put_be32(NFTA_LIMIT_TYPE, PACKETS);
    data.put_be32(NFTA_LIMIT_FLAGS, if limit.over { LIMIT_OVER } else { 0 });
}

fn put_nat(data: &mut Vec<u8>, nat: &Nat) {
    data.put_be32(NFTA_NAT_TYPE, nat.kind as u32);
    data.put_be32(NFTA_NAT_FAMILY, nat.version as u32);
    if let Some(address) = nat.address {
        data.register(NFTA_NAT_REG_ADDR_MIN, address);
    }
    if let Some(port) = nat.port {
        data.register(NFTA_NAT_REG_PROTO_MIN, port);
    }
    if nat.flags != 0 {
        data.put_be32(NFTA_NAT_FLAGS, nat.flags);
    }
}
