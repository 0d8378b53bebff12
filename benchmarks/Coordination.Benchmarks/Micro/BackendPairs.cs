using BenchmarkDotNet.Attributes;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Servers;

namespace Coordination.Benchmarks.Micro;

/// <summary>One uncontended acquire + release of each primitive on a backend, beside its raw floor and its peers.</summary>
[MemoryDiagnoser]
public abstract class BackendPairs
{
    private readonly List<IAsyncDisposable> _open = [];
    private PairSet _set = null!;
    private IPair _reader = null!;
    private IPair _writer = null!;
    private IPair _permit = null!;

    /// <summary>Where the servers are: BenchmarkDotNet makes the objects, so they cannot be told otherwise.</summary>
    internal static IServers Servers { get; set; } = new InMemoryTarget();

    /// <summary>Which backend.</summary>
    internal abstract Backend Backend { get; }

    [GlobalSetup]
    public async Task OpenAsync()
    {
        _set = await PairSet.OpenAsync(Backend, Servers);
        _open.Add(_set);
        _reader = await PairAsync(Catalog.Ours, Primitive.ReaderWriterLock, ClaimMode.Shared);
        _writer = await PairAsync(Catalog.Ours, Primitive.ReaderWriterLock, ClaimMode.Exclusive);
        _permit = await PairAsync(Catalog.Ours, Primitive.Semaphore, ClaimMode.Counted);
        await OpenPeersAsync();
    }

    [GlobalCleanup]
    public async Task CloseAsync()
    {
        foreach (var open in _open)
        {
            await open.DisposeAsync();
        }
    }

    [Benchmark(Description = "raw floor", Baseline = true)]
    public ValueTask Floor() => _set.Floor.RunAsync();

    [Benchmark(Description = "own requests, raw")]
    public ValueTask Own() => _set.Own.RunAsync();

    [Benchmark(Description = "Coordination, lock")]
    public ValueTask Lock() => _set.Ours.RunAsync();

    [Benchmark(Description = "Coordination, reader")]
    public ValueTask Reader() => _reader.RunAsync();

    [Benchmark(Description = "Coordination, writer")]
    public ValueTask Writer() => _writer.RunAsync();

    [Benchmark(Description = "Coordination, permit")]
    public ValueTask Permit() => _permit.RunAsync();

    /// <summary>Connects the peers.</summary>
    protected virtual Task OpenPeersAsync() => Task.CompletedTask;

    /// <summary>Connects one.</summary>
    private protected async Task<IPair> PairAsync(Implementation implementation, Primitive primitive, ClaimMode mode)
    {
        var settings = new ClientSettings(Backend.Key, Servers.Connection, implementation.Key) { Primitive = primitive, Permits = 4 };
        var pair = new ClientPair(implementation.Name, await Implementation.ConnectAsync(settings), $"benchmark/micro/{primitive}", mode);
        _open.Add(pair);
        return pair;
    }
}
