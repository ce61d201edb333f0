"""What every public class and function outside `functional` says of a bad argument."""
