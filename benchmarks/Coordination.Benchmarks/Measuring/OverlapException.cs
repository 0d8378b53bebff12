namespace Coordination.Benchmarks.Measuring;

/// <summary>Two held a lock at once: the run is a failure and gives no figures; exit code 1.</summary>
internal sealed class OverlapException(string message) : Exception(message);
