"""What the wizard says, as text and without a widget."""
