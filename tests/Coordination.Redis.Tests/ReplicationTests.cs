using Coordination.Redis.Tests.Servers;
using StackExchange.Redis;

namespace Coordination.Redis.Tests;

/// <summary>A primary and its replica: what survives the primary's end, and what <see cref="RedisBackendOptions.MinReplicaAcks"/> refuses.</summary>
public sealed class ReplicationTests : IAsyncLifetime
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private readonly List<IAsyncDisposable> _owned = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => default;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var owned in Enumerable.Reverse(_owned))
        {
            await owned.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_lease_that_the_replica_confirmed_survives_the_primarys_end()
    {
        var servers = await StartAsync(sentinel: true);

        // It outlives the failover, the restart and the copying: until there is a replica again, no renewal counts.
        var holder = Connect(servers.Configuration, acks: 1, duration: TimeSpan.FromMinutes(2));
        var other = Connect(servers.Configuration);
        var held = await holder.CreateLock("survives").AcquireAsync(Token);
        await using var before = await other.CreateLock("other").AcquireAsync(Token);
        var waiting = other.CreateLock("survives").AcquireAsync(Token).AsTask();

        await servers.Primary.Process.KillAsync();
        await servers.PromotedAsync();
        await SetUpReplicaAsync(servers);
        await EventuallyAsync(async () => await held.RenewAsync(Token));

        Assert.Equal(LeaseState.Held, held.State);
        Assert.False(held.Lost.IsCancellationRequested);
        Assert.Null(await EventuallyAsync(async () => await other.CreateLock("survives").TryAcquireAsync(TimeSpan.Zero, Token)));
        await held.ReleaseAsync(Token);
        await using var next = await waiting.WaitAsync(Long, Token);
        Assert.True(held.FencingToken < next.FencingToken);
    }

    [Fact]
    public async Task Without_acks_a_grant_that_the_replica_did_not_hear_of_is_lost_and_tokens_grow_all_the_same()
    {
        var servers = await StartAsync();
        var holder = Connect(servers.Primary.EndPoint);
        servers.Link.Pause();
        await using var held = await holder.CreateLock("lost").AcquireAsync(Token);

        await servers.Primary.Process.KillAsync();
        await servers.Replica.ExecuteAsync("REPLICAOF NO ONE");

        // Both believe that they hold: what docs/redis.md says of it.
        await using var next = await Connect(servers.Replica.EndPoint).CreateLock("lost").AcquireAsync(Token);
        Assert.Equal(LeaseState.Held, held.State);
        Assert.True(held.FencingToken < next.FencingToken);
    }

    [Fact]
    public async Task A_grant_that_too_few_confirm_is_refused_by_name_and_undone()
    {
        var servers = await StartAsync();
        var coordinator = Connect(servers.Configuration, acks: 1, operationTimeout: TimeSpan.FromSeconds(8));
        servers.Link.Pause();

        var fault = await Assert.ThrowsAsync<CoordinationException>(async () => await coordinator.CreateLock("refused").TryAcquireAsync(TimeSpan.Zero, Token));

        Assert.True(fault.IsTransient);
        Assert.Contains("MinReplicaAcks", fault.Message, StringComparison.Ordinal);
        Assert.Contains("'refused'", fault.Message, StringComparison.Ordinal);
        await EventuallyAsync(async () => Assert.Empty((await coordinator.InspectAsync("refused", Token)).Holders));
        servers.Link.Resume();
        await using var lease = await EventuallyAsync(async () => await coordinator.CreateLock("refused").AcquireAsync(Token));
    }

    [Fact]
    public async Task Many_that_too_few_confirm_do_not_wait_for_one_another()
    {
        var servers = await StartAsync();
        var coordinator = Connect(servers.Configuration, acks: 1, operationTimeout: TimeSpan.FromSeconds(8));
        await using (await coordinator.CreateLock("first").AcquireAsync(Token))
        {
        }

        servers.Link.Pause();
        var calls = Enumerable.Range(0, 50)
            .Select(n => Assert.ThrowsAsync<CoordinationException>(async () => await coordinator.CreateLock($"many/{n}").TryAcquireAsync(TimeSpan.Zero, Token)))
            .ToArray();

        // One after the other they would take 50 time limits of half a second.
        var faults = await Task.WhenAll(calls).WaitAsync(TimeSpan.FromSeconds(20), Token);
        Assert.All(faults, fault => Assert.Contains("MinReplicaAcks", fault.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_renewal_that_too_few_confirm_moves_no_deadline()
    {
        var servers = await StartAsync();
        var coordinator = Connect(servers.Configuration, acks: 1, duration: TimeSpan.FromSeconds(9));
        await using var lease = await coordinator.CreateLock("renewed").AcquireAsync(Token);
        var lost = new TaskCompletionSource();
        await using var registration = lease.Lost.Register(lost.SetResult);
        servers.Link.Pause();

        var fault = await Assert.ThrowsAsync<CoordinationException>(async () => await lease.RenewAsync(Token));

        Assert.True(fault.IsTransient);
        Assert.Contains("MinReplicaAcks", fault.Message, StringComparison.Ordinal);
        await lost.Task.WaitAsync(Long, Token);
        Assert.Equal(LeaseState.Lost, lease.State);
    }

    [Fact]
    public async Task Waiters_get_their_turn_when_replicas_confirm_it()
    {
        var servers = await StartAsync();
        var one = Connect(servers.Configuration, acks: 1);
        var two = Connect(servers.Configuration, acks: 1);
        var last = default(FencingToken);
        var workers = Enumerable.Range(0, 8).Select(async n =>
        {
            for (var round = 0; round < 10; round++)
            {
                await using var lease = await (n % 2 == 0 ? one : two).CreateLock("turns").AcquireAsync(Token);
                Assert.True(last < lease.FencingToken);
                last = lease.FencingToken;
            }
        });
        await Task.WhenAll(workers).WaitAsync(Long, Token);
    }

    [Fact]
    public async Task A_connection_that_is_shared_cannot_wait_for_replicas()
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync("localhost:1,abortConnect=false,connectTimeout=10,connectRetry=0");
        var exception = Assert.Throws<ArgumentException>(() => new RedisBackend(connection, new RedisBackendOptions { MinReplicaAcks = 1 }));
        Assert.Contains("MinReplicaAcks", exception.Message, StringComparison.Ordinal);
    }

    // The new primary has no replica yet, and grants wait for one.
    private static async Task SetUpReplicaAsync(RedisReplication servers)
    {
        await servers.Primary.Process.StartAsync();
        await servers.Primary.ExecuteAsync($"REPLICAOF 127.0.0.1 {servers.Replica.Port}");
        await servers.Primary.UntilAsync("INFO replication", static info => info.Contains("master_link_status:up", StringComparison.Ordinal));
    }

    private static async Task EventuallyAsync(Func<Task> act) => await EventuallyAsync(async () =>
    {
        await act();
        return true;
    });

    private static async Task<T> EventuallyAsync<T>(Func<Task<T>> act)
    {
        using var limit = new CancellationTokenSource(Long);
        while (true)
        {
            try
            {
                return await act();
            }
            catch (Exception e) when (!limit.IsCancellationRequested && e is (CoordinationException and not LeaseLostException) or Xunit.Sdk.EmptyException)
            {
                await Task.Delay(50, Token);
            }
        }
    }

    private async Task<RedisReplication> StartAsync(bool sentinel = false)
    {
        var servers = await RedisReplication.StartAsync(sentinel);
        _owned.Add(servers);
        return servers;
    }

    private Coordinator Connect(string configuration, int acks = 0, TimeSpan? duration = null, TimeSpan? operationTimeout = null)
    {
        var backend = RedisBackend.Create(new RedisBackendOptions
        {
            Configuration = configuration,
            MinReplicaAcks = acks,
            ReplicaAckTimeout = TimeSpan.FromMilliseconds(500),
        });
        var coordinator = new Coordinator(backend, new CoordinatorOptions
        {
            LeaseDuration = duration ?? Long,
            OperationTimeout = operationTimeout ?? TimeSpan.FromSeconds(5),
        });
        _owned.Add(coordinator);
        return coordinator;
    }
}
