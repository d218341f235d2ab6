//! Plans as atomic nftables transactions
