"""What an experiment compares: `arm=`."""
