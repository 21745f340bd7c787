"""What a run is about, in the words of the field: titles, conditions and the result in a sentence, for reports."""
