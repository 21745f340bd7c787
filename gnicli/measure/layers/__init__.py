"""The law of each layer's gradient noise, population by population: `measure=layers`."""
