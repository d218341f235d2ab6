//! nf_tables: transactions on our own tables, and reading them back.
//!
//! [`Batch`] collects operations, [`Nftables::commit`] sends them as one transaction: all of them take effect, or none and the error
//! names the operation. Every operation names its [`Table`], so nothing outside is touched. What is written here lists readably with
//! `nft list ruleset`: names, comments and typed elements.
//!
//! Start with [`Nftables`], [`Batch`], [`Rule`] (what a rule does, built from [`Load`]s and [`Value`]s) and [`Set`] with [`Element`].
//! Rules of the kernel are in `include/uapi/linux/netfilter/nf_tables.h` and `net/netfilter/nf_tables_api.c`.

mod batch;
mod batch_error;
mod bits;
mod chain;
mod changes;
mod client;
mod commit;
mod constants;
mod element;
mod encode;
mod expr;
mod find;
mod flowtable;
mod foreign;
mod interval;
mod load;
mod name;
mod objects;
mod operation;
mod read;
mod rule;
mod set;
mod steps;
mod userdata;
mod value;

pub use batch::Batch;
pub use batch_error::BatchError;
pub use bits::{ct_state, ct_status, fib_flags, nat_flags, tcp_flags};
pub use chain::{BaseChain, Chain, ChainKind, Family, Hook, Policy, Table, priority};
pub use changes::{Changes, Heard};
pub use client::Nftables;
pub use commit::{CommitError, OperationFailure};
pub use element::{Data, Element, Key, Verdict};
pub use expr::{Comparison, Expr, IpVersion, Limit, Log, Nat, NatKind, Register, Rejection};
pub use flowtable::{Flowtable, FlowtableChanges};
pub use foreign::ForeignChain;
pub use load::{CtKey, Direction, FibResult, Header, Load, MetaKey, NumgenKind};
pub use name::{Comment, LogPrefix, Name, NameError};
pub use operation::{Operation, Verb};
pub use read::{ChainInfo, Counter, RuleInfo, SetInfo, TableInfo};
pub use rule::Rule;
pub use set::{DataType, MapData, Set};
pub use value::{Value, ValueTooLong};
