namespace Coordination.Torture.Commands;

/// <summary>What was asked for cannot be done: a bad option, or a server that is not installed. Its message is all that is shown; exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);
