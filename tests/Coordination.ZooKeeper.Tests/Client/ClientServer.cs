using System.Net;
using Coordination.Conformance;
using Coordination.ZooKeeper.Client;
using Coordination.ZooKeeper.Tests.Servers;

namespace Coordination.ZooKeeper.Tests.Client;

/// <summary>One server for the client's tests, and clients of it; each test works under a node of its own.</summary>
public sealed class ClientServer : IAsyncLifetime
{
    private ZooKeeperServerProcess? _server;

    public ZooKeeperServerProcess Server => _server!;

    public async ValueTask InitializeAsync()
    {
        if (ZooKeeperServerProcess.Java is not null && ZooKeeperServerProcess.Jars is not null)
        {
            _server = new ZooKeeperServerProcess();
            await _server.StartAsync();
        }
    }

    /// <summary>A client that is not connected yet.</summary>
    /// <param name="configure">Changes its options.</param>
    public ZooKeeperClient Client(Action<ZooKeeperClientOptions>? configure = null)
    {
        Missing.SkipWithoutZooKeeper();
        var options = new ZooKeeperClientOptions { ConnectionString = Server.Address };
        configure?.Invoke(options);
        return new ZooKeeperClient(options);
    }

    /// <summary>A client that is connected.</summary>
    /// <param name="configure">Changes its options.</param>
    public async Task<ZooKeeperClient> ConnectAsync(Action<ZooKeeperClientOptions>? configure = null)
    {
        var client = Client(configure);
        await client.ConnectAsync(TestContext.Current.CancellationToken);
        return client;
    }

    /// <summary>A node of the test's own.</summary>
    public static async Task<string> NodeAsync(ZooKeeperClient client)
    {
        var (path, _) = await client.CreateAsync($"/test-{Guid.NewGuid():N}");
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}

/// <summary>A client over a proxy that can cut it off, and what it said of its state.</summary>
public sealed class CutClient : IAsyncDisposable
{

    private CutClient(FaultProxy proxy, ZooKeeperClient client)
    {
        Proxy = proxy;
        Client = client;
        client.StateChanged += state =>
        {
            lock (Seen)
            {
                Seen.Add(state);
                _change.TrySetResult();
                _change = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        };
    }

    private TaskCompletionSource _change = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FaultProxy Proxy { get; }

    public ZooKeeperClient Client { get; }

    /// <summary>The states so far.</summary>
    public List<ZooKeeperState> Seen { get; } = [];

    public static Task<CutClient> ConnectAsync(ClientServer server, Action<ZooKeeperClientOptions>? configure = null)
    {
        Missing.SkipWithoutZooKeeper();
        return ConnectAsync(server.Server.EndPoint, configure);
    }

    public static async Task<CutClient> ConnectAsync(EndPoint server, Action<ZooKeeperClientOptions>? configure = null)
    {
        var proxy = FaultProxy.Start(server);
        var options = new ZooKeeperClientOptions { ConnectionString = $"127.0.0.1:{proxy.EndPoint.Port}" };
        configure?.Invoke(options);
        var cut = new CutClient(proxy, new ZooKeeperClient(options));
        await cut.Client.ConnectAsync(TestContext.Current.CancellationToken);
        return cut;
    }

    /// <summary>Waits until the states so far end with these.</summary>
    public async Task SeesAsync(params ZooKeeperState[] states)
    {
        while (true)
        {
            Task change;
            lock (Seen)
            {
                if (Seen.TakeLast(states.Length).SequenceEqual(states))
                {
                    return;
                }

                change = _change.Task;
            }

            try
            {
                await change.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            }
            catch (TimeoutException)
            {
                lock (Seen)
                {
                    Assert.Fail($"Waited for {string.Join(", ", states)}; seen: {string.Join(", ", Seen)}. Last error: {Client.LastError}");
                }
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Proxy.DisposeAsync();
    }
}
