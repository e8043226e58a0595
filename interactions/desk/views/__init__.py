"""The pages, fragments and actions of the desk."""
