//! The messages of a batch, and which operation each belongs to.

use nix::libc;

use super::chain::Table;
use super::name::Name;
use super::operation::{Operation, Verb};
use crate::message::{self, Head};

/// Messages in wire format. Message `n`, counted from 0, has sequence number `n + 1`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Steps {
    bytes: Vec<u8>,
    operations: Vec<Operation>,
    /// For each message its operation.
    owners: Vec<usize>,
    last_message: usize,
}

/// A state to go back to.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    bytes: usize,
    operations: usize,
    messages: usize,
    last_message: usize,
}

impl Steps {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The sequence number of the last message.
    pub(crate) fn last_sequence(&self) -> u32 {
        u32::try_from(self.owners.len()).expect("messages are counted in 32 bits")
    }

    /// The operation whose message has this sequence number.
    pub(crate) fn owner(&self, sequence: u32) -> Option<usize> {
        self.owners.get(sequence.checked_sub(1)? as usize).copied()
    }

    /// Starts an operation; the messages that follow belong to it.
    pub(crate) fn begin(&mut self, verb: Verb, table: &Table, object: Option<&Name>) {
        self.operations.push(Operation { verb, table: table.clone(), object: object.cloned() });
    }

    /// Appends a message of the current operation. The last message alone asks for an acknowledgement; errors come unasked.
    pub(crate) fn message(
        &mut self,
        kind: libc::c_int,
        flags: u16,
        table: &Table,
        body: impl FnOnce(&mut Vec<u8>),
    ) {
        self.last_asks_for_ack(false);
        self.last_message = self.bytes.len();
        self.owners.push(self.operations.len() - 1);
        let head = Head {
            kind: message::kind(libc::NFNL_SUBSYS_NFTABLES, kind),
            flags: flags | message::ACK,
            sequence: self.last_sequence(),
            family: table.family.number(),
            resource: 0,
        };
        message::put(&mut self.bytes, head, body);
    }

    fn last_asks_for_ack(&mut self, wanted: bool) {
        if !self.owners.is_empty() {
            message::request_ack(&mut self.bytes[self.last_message..], wanted);
        }
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark {
            bytes: self.bytes.len(),
            operations: self.operations.len(),
            messages: self.owners.len(),
            last_message: self.last_message,
        }
    }

    pub(crate) fn rewind(&mut self, mark: Mark) {
        self.bytes.truncate(mark.bytes);
        self.operations.truncate(mark.operations);
        self.owners.truncate(mark.messages);
        self.last_message = mark.last_message;
        self.last_asks_for_ack(true);
    }

    /// Takes an operation back that sent no message.
    pub(crate) fn rewind_if_nothing_followed(&mut self, mark: Mark) {
        if self.owners.len() == mark.messages {
            self.rewind(mark);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nft::{Batch, DataType, Element, Family, Set, Value};

    const TABLE: Table = Table::new(Family::Inet, Name::constant("t"));

    /// The flags of each message.
    fn flags(batch: &Batch) -> Vec<u16> {
        message::Messages(batch.steps().as_bytes()).map(|message| message.flags).collect()
    }

    #[test]
    fn a_message_is_what_nft_sends() {
        let mut batch = Batch::new();
        batch.delete_table(&TABLE);
        let expected = [
            28, 0, 0, 0, 2, 10, 5, 0, 1, 0, 0, 0, 0, 0, 0,
            0, // length, type, request and ack, sequence, port
            1, 0, 0, 0, 6, 0, 1, 0, b't', 0, 0, 0, // family inet, NFTA_TABLE_NAME
        ];
        assert_eq!(batch.steps().as_bytes(), expected);
        assert_eq!(batch.byte_len(), 28 + 40);
    }

    #[test]
    fn only_the_last_message_asks_for_an_acknowledgement() {
        let set = Set::new(Name::constant("s"), [DataType::Port]);
        let mut batch = Batch::new();
        batch.delete_table(&TABLE);
        batch.delete_table(&TABLE);
        assert_eq!(flags(&batch), [1, 5]);
        let wrong = [Element::new(Value::byte(1))];
        batch.add_elements(&TABLE, &set, wrong).unwrap_err();
        batch.add_elements(&TABLE, &set, []).unwrap();
        assert_eq!(flags(&batch), [1, 5], "what is taken back leaves no trace");
        assert_eq!(batch.operations().len(), 2);
    }

    #[test]
    fn many_elements_are_many_messages_of_one_operation() {
        let set = Set::new(Name::constant("s"), [DataType::Port]);
        let mut batch = Batch::new();
        batch.add_elements(&TABLE, &set, (0..=u16::MAX).map(|port| Element::new(Value::port(port)))).unwrap();
        let messages = flags(&batch).len();
        assert!(messages > 10, "{messages}");
        assert_eq!(batch.operations().len(), 1);
        assert_eq!(batch.steps().owner(batch.steps().last_sequence()), Some(0));
        assert_eq!((batch.steps().owner(0), batch.steps().owner(u32::MAX)), (None, None));
    }

    #[test]
    fn a_limit_takes_at_least_one_element() {
        let set = Set::new(Name::constant("s"), [DataType::Port]);
        let mut elements = (0..10).map(|port| Element::new(Value::port(port)));
        let mut batch = Batch::new();
        batch.add_elements_within(&TABLE, &set, &mut elements, 0).unwrap();
        assert_eq!(elements.len(), 9);
        assert_eq!(flags(&batch).len(), 1);
    }
}
