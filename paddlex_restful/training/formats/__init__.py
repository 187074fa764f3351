"""The formats of exports: what each writes into the folder, and how it is compared and measured."""
