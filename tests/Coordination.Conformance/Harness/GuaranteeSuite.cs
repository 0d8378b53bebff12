using Coordination.Backends;

namespace Coordination.Conformance;

/// <summary>What the suites of the guarantees have: they are users, with coordinators on connections of their own.</summary>
public abstract class GuaranteeSuite(BackendFixture fixture) : ConformanceSuite(fixture)
{
    private int _clients;

    /// <summary>How long one request may take: more than servers stand still on a loaded machine.</summary>
    protected virtual TimeSpan OperationTimeout => Time.IsFake ? TimeSpan.FromSeconds(2) : TimeSpan.FromSeconds(5);

    /// <summary>
    /// The longest that a call may take whose server does not answer: the operation timeout, a last release that is tried, and the machine.
    /// </summary>
    protected TimeSpan Bound => (OperationTimeout * 2) + TimeSpan.FromMilliseconds(200) + Server.Latency;

    /// <summary>
    /// The duration of leases that have to be held while the test waits for something else than their end. Where an acknowledgement proves only the request before it, a lease stays
    /// held for no more than 0.22 durations after a renewal falls due: of one unit that is less than a loaded machine may stand still.
    /// </summary>
    /// <param name="units">In the server's unit, where time is not what the test makes it.</param>
    protected TimeSpan Lasting(int units = 3) => Time.IsFake ? Duration : Duration * units;

    /// <summary>Lets time pass until a lease of <see cref="Lasting"/> is only held because it was renewed.</summary>
    protected ValueTask OutliveAsync() => Time.PassAsync(Time.IsFake ? Duration * 2 : Lasting() * 1.2);

    /// <summary>Starts a client.</summary>
    /// <param name="duration">Its leases' duration; the server's unit by default.</param>
    /// <param name="configure">Further options.</param>
    /// <returns>The client, whose holder name is its number: <c>c1</c>, <c>c2</c>…</returns>
    protected async Task<Client> ClientAsync(TimeSpan? duration = null, Action<CoordinatorOptions>? configure = null)
    {
        var options = new CoordinatorOptions
        {
            LeaseDuration = duration ?? Duration,
            OperationTimeout = OperationTimeout,
            Holder = $"c{Interlocked.Increment(ref _clients)}",
        };
        configure?.Invoke(options);
        return CleanUp(new Client(Server, await Server.ConnectAsync(), options));
    }

    protected async Task<Client[]> ClientsAsync(int count, TimeSpan? duration = null)
    {
        var clients = new Client[count];
        for (var index = 0; index < count; index++)
        {
            clients[index] = await ClientAsync(duration);
        }

        return clients;
    }

    /// <summary>Awaits a call that needs no time but the server's.</summary>
    protected Task<T> AtOnceAsync<T>(Task<T> task, string what = "a call that has nothing to wait for") => Time.WithinAsync(task, Soon, what);

    protected Task<T> AtOnceAsync<T>(ValueTask<T> task, string what = "a call that has nothing to wait for") => AtOnceAsync(task.AsTask(), what);

    protected Task AtOnceAsync(ValueTask task, string what = "a call that has nothing to wait for") => Time.WithinAsync(task.AsTask(), Soon, what);

    /// <summary>Waits until so many wait for a name.</summary>
    protected Task WaitersAsync(Client observer, string name, int count) =>
        Time.UntilAsync(
            async () => (await observer.Coordinator.InspectAsync(name, Cancellation)).Waiters.Count == count, Soon, $"{count} waiters");

    /// <summary>Waits until a name's queue is empty.</summary>
    protected Task EmptyAsync(Client observer, string name, TimeSpan within) =>
        Time.UntilAsync(
            async () => await observer.Coordinator.InspectAsync(name, Cancellation) is { Holders.Count: 0, Waiters.Count: 0 },
            within,
            "an empty queue");

    /// <summary>Starts waiting, and returns when the claim stands in the queue and its owner knows that: what befalls the way to the server then befalls a waiter.</summary>
    protected async Task<Task<ILease>> QueueUpAsync(
        Client client, Primitive primitive, string name, Client observer, CancellationToken cancellationToken = default)
    {
        var before = (await observer.InspectAsync(name)).Waiters.Count;
        var pending = client.Coordinator.AcquireAsync(primitive, name, cancellationToken);
        await WaitersAsync(observer, name, before + 1);
        await Time.UntilAsync(() => client.Faults.UnderWay(Call.Claim) == 0, Soon, "the claim's answer");
        return pending;
    }

    /// <summary>The claim behind a lease, as a backend's guard would see it.</summary>
    protected static IBackendLease Behind(ILease lease) => Assert.IsAssignableFrom<IBackendLease>(lease);

    /// <summary>The session of the backend under test, without the faults around it.</summary>
    protected static IBackendSession SessionOf(ILease lease) => ((FaultySession)Behind(lease).Session).Inner;

    /// <summary>When a lease was told lost. Zero while it is not.</summary>
    protected LossWatch Watch(ILease lease) => new(lease, Time.Provider);
}

/// <summary>Notes the moment at which <see cref="ILease.Lost"/> fired.</summary>
public sealed class LossWatch
{
    private long _at;

    public LossWatch(ILease lease, TimeProvider time)
    {
        Lease = lease;
        lease.Lost.Register(() => Interlocked.CompareExchange(ref _at, Math.Max(1, time.GetTimestamp()), 0));
    }

    public ILease Lease { get; }

    public bool HasFired => At != 0;

    /// <summary>The timestamp, or zero.</summary>
    public long At => Interlocked.Read(ref _at);
}
