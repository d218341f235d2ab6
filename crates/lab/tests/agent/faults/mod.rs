//! What the machine does to an agent: a full disk, an end in the middle of what it writes, a full connection table.

mod connections;
mod cut;
mod disk;

pub use self::connections::a_full_connection_table_opens_nothing;
pub use self::cut::an_agent_cut_off_while_it_loads_opens_nothing;
pub use self::disk::a_full_disk_stops_no_enforcement;
