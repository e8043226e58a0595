"""SMS and MMS over Twilio, or whoever speaks its language."""
