"""What exists only while peers are connected: instances, their logs, exec sessions. Nothing here is stored."""
