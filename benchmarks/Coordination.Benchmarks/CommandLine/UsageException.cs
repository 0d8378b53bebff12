namespace Coordination.Benchmarks.CommandLine;

/// <summary>What the user asked for cannot be done: a bad option, or a server that is not there. Its message is all that is shown; exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);
