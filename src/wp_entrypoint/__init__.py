"""The process inside the application's image; standard library only."""
