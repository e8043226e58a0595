"""What all channels of Twilio share: who is calling, and how it is asked."""
