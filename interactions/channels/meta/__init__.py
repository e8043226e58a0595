"""What all channels of Meta share: who is calling, how it is asked, and where its files may be fetched from."""
