"""How a figure looks: words, ticks, looks of curves, layout. Only this room imports matplotlib, when it draws."""
