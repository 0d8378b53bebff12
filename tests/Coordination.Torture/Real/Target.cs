using System.Net;

namespace Coordination.Torture.Real;

/// <summary>A fault that a target knows: what it is called, how often it comes, and what it does. It is over when its task is.</summary>
/// <param name="Kind">Its name.</param>
/// <param name="Weight">How often, against the others.</param>
/// <param name="InjectAsync">Does it, for so long, and undoes it; what it tells is recorded.</param>
/// <param name="ShowsOld">Whether the store may show what was meanwhile, and inspections say nothing.</param>
internal sealed record TargetFault(string Kind, int Weight, Func<FaultContext, Task> InjectAsync, bool ShowsOld = false);

/// <summary>Servers to be tortured.</summary>
internal abstract class Target : IAsyncDisposable
{
    protected const string Everybody = "*";

    /// <summary>Where the servers listen.</summary>
    public abstract IReadOnlyList<IPEndPoint> EndPoints { get; }

    /// <summary>What can be done to them.</summary>
    public abstract IReadOnlyList<TargetFault> Faults { get; }

    /// <summary>For proxies: whether what a server sends is a reply.</summary>
    public virtual Func<ReadOnlyMemory<byte>, bool>? IsReply => null;

    public static async Task<Target> StartAsync(string backend) => backend switch
    {
        "redis" => await RedisTarget.StartRedisAsync(),
        "redlock" => await RedlockTarget.StartRedlockAsync(),
        "etcd" => await EtcdTarget.StartEtcdAsync(),
        "zookeeper" => await ZooKeeperTarget.StartZooKeeperAsync(),
        _ => throw new ArgumentException($"There is no backend '{backend}'.", nameof(backend)),
    };

    /// <summary>Makes all servers run again.</summary>
    public abstract Task HealAsync();

    public abstract ValueTask DisposeAsync();
}

/// <summary>What a fault is given.</summary>
/// <param name="Takes">How long.</param>
/// <param name="Random">What it draws from.</param>
/// <param name="Clients">The clients that live.</param>
/// <param name="Observer">A connection past all proxies.</param>
/// <param name="Record">Tells what was done: to what, whose leases are ended by force, and which claim.</param>
internal sealed record FaultContext(
    TimeSpan Takes, Random Random, IReadOnlyList<ClientProcess> Clients, ICoordinator Observer, FaultRecorder Record);

/// <summary>Tells of a fault. Disposed when it is over.</summary>
internal delegate RecordedFault FaultRecorder(string target, string? stops = null, string? voidsClient = null, string? voidsClaim = null);
