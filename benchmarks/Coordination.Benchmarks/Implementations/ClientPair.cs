using System.Runtime.CompilerServices;

namespace Coordination.Benchmarks.Implementations;

/// <summary>An uncontended acquisition and its release by any client.</summary>
/// <param name="name">Which.</param>
/// <param name="client">By what; it is disposed of with this.</param>
/// <param name="resource">Of what.</param>
/// <param name="mode">How.</param>
internal sealed class ClientPair(string name, ILockClient client, string resource, ClaimMode mode = ClaimMode.Exclusive) : IPair
{
    public string Name => name;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask RunAsync() => await (await client.AcquireAsync(resource, mode, CancellationToken.None)).DisposeAsync();

    public ValueTask DisposeAsync() => client.DisposeAsync();
}
