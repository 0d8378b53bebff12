namespace Coordination.Benchmarks.Implementations;

/// <summary>
/// One uncontended acquisition and its release, or what it is compared to. Written out for each implementation, with a pooled state
/// machine, so that what is counted as allocated is the implementation's own.
/// </summary>
internal interface IPair : IAsyncDisposable
{
    string Name { get; }

    ValueTask RunAsync();
}
