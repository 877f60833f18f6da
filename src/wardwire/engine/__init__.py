"""Makes it happen on time: batches, due deadlines, leases given back."""
