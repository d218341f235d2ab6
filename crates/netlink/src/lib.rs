//! nftables batches, conntrack and NFLOG over netlink
