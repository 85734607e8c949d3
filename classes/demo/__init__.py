"""A believable city to look at: invented people, real procedures, dates relative to today."""
