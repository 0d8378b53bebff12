using System.Buffers.Binary;
using System.Collections.Concurrent;
using Coordination.Backends;
using Coordination.Conformance;
using Coordination.ZooKeeper.Client;
using Coordination.ZooKeeper.Tests.Client;
using Coordination.ZooKeeper.Tests.Support;
using Microsoft.Extensions.Logging;

namespace Coordination.ZooKeeper.Tests;

/// <summary>Servers that answer, but not as one would wish: without watches, with a shorter time-out, with an ACL in the way.</summary>
public sealed class ServerFaultTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Servers_that_refuse_to_watch_make_waiters_wait_for_renewals_and_lose_no_claim()
    {
        // This keeper of watches knows no persistent ones. A copy of the queue that no watch keeps shows none of the claims that come after it.
        await using var server = await Run.ServerAsync("watchManagerName=org.apache.zookeeper.server.watch.WatchManagerOptimized");
        await using var holder = Run.Coordinator(server.Address);
        await using var others = Run.Coordinator(server.Address, seconds: 9);
        var held = await holder.CreateLock("x").AcquireAsync(Token);
        var waiting = Enumerable.Range(0, 3).Select(_ => others.CreateLock("x").AcquireAsync(Token).AsTask()).ToList();
        await Run.WaitersAsync(holder, "x", 3);
        for (var i = 0; i < 5; i++)
        {
            Assert.Null(await others.CreateLock("x").TryAcquireAsync(TimeSpan.Zero, Token));
            Assert.Equal(3, (await holder.InspectAsync("x", Token)).Waiters.Count);
        }

        await held.ReleaseAsync(Token);
        while (waiting.Count > 0)
        {
            var next = await Task.WhenAny(waiting).WaitAsync(TimeSpan.FromSeconds(60), Token);
            waiting.Remove(next);
            await (await next).ReleaseAsync(Token);
        }

        Assert.Empty(await new Admin(server.Address).ChildrenAsync("/coordination/x"));
    }

    [Fact]
    public async Task A_server_that_goes_on_with_a_session_for_a_shorter_time_makes_it_lost()
    {
        // The cap is lowered on the servers, one after the other. Whoever goes on by the longer time believes in what the server gives away.
        string[] settings = ["maxSessionTimeout=600000"];
        await using var server = await Run.ServerAsync(settings);
        await using var coordinator = Run.Coordinator(server.Address, seconds: 600);
        var held = await coordinator.CreateLock("x").AcquireAsync(Token);
        var lost = new TaskCompletionSource();
        using var registration = held.Lost.Register(lost.SetResult);
        await server.KillAsync();
        settings[0] = "maxSessionTimeout=60000";
        await server.StartAsync();
        await lost.Task.WaitAsync(TimeSpan.FromSeconds(60), Token);
        Assert.Equal(LeaseState.Lost, held.State);
    }

    [Fact]
    public async Task A_resource_that_may_not_be_read_any_more_does_not_cost_the_others_their_renewal()
    {
        await using var server = await Run.ServerAsync();
        await using var backend = ZooKeeperBackend.Create(server.Address);
        await using var session = await Run.OpenAsync(backend, seconds: 600);
        ClaimRequest[] claims = [Run.Exclusive("open"), Run.Exclusive("closed")];
        foreach (var claim in claims)
        {
            Assert.Equal(ClaimOutcome.Granted, (await session.ClaimAsync(claim, Token)).Outcome);
        }

        await using var client = await Admin.ConnectAsync(server.Address);
        var node = Assert.Single((await client.GetChildrenAsync("/coordination/closed", cancellationToken: Token)).Names);
        await client.SetAclAsync($"/coordination/closed/{node}", [new(ZooKeeperPermissions.Admin, "world", "anyone")], cancellationToken: Token);
        var renewal = await session.RenewAsync([claims[0].Key, claims[1].Key], Token);
        Assert.False(renewal.IsSessionLost);
        Assert.Equal(new ClaimRenewal(1, ClaimRenewalOutcome.Unconfirmed), Assert.Single(renewal.Exceptions));
    }

    [Fact]
    public async Task A_claim_that_is_entered_while_the_answer_to_a_renewal_is_on_its_way_is_not_taken_for_lost()
    {
        await using var server = await Run.ServerAsync();
        using var log = new HeldLog("ZooKeeperNotRenewed");
        await using var backend = ZooKeeperBackend.Create(new ZooKeeperBackendOptions { ConnectionString = server.Address }, log);
        await using var session = await Run.OpenAsync(backend, seconds: 600);
        await using var client = await Admin.ConnectAsync(server.Address);
        var (closed, claim) = (Run.Exclusive("closed"), Run.Exclusive("x"));
        Assert.Equal(ClaimOutcome.Granted, (await session.ClaimAsync(closed, Token)).Outcome);
        var node = Assert.Single((await client.GetChildrenAsync("/coordination/closed", cancellationToken: Token)).Names);
        await client.SetAclAsync($"/coordination/closed/{node}", [new(ZooKeeperPermissions.Admin, "world", "anyone")], cancellationToken: Token);

        // The session knows of it, and it is not entered: the servers did not let it.
        await client.CreateAsync("/coordination/x", acl: [new(ZooKeeperPermissions.All & ~ZooKeeperPermissions.Create, "world", "anyone")], cancellationToken: Token);
        await Assert.ThrowsAsync<CoordinationException>(async () => await session.ClaimAsync(claim, Token));
        await client.SetAclAsync("/coordination/x", ZooKeeperAcl.Open, cancellationToken: Token);

        // The renewal has its answers, of which the other claim's comes first, and is held when it tells of that one. Then the claim is entered after all.
        var renewing = Task.Run(async () => await session.RenewAsync([closed.Key, claim.Key], Token), Token);
        await log.Arrived.WaitAsync(TimeSpan.FromSeconds(60), Token);
        Assert.Equal(ClaimOutcome.Granted, (await session.ClaimAsync(claim, Token)).Outcome);
        log.Open();
        Assert.Equal(new ClaimRenewal(0, ClaimRenewalOutcome.Unconfirmed), Assert.Single((await renewing).Exceptions));
        Assert.True(await new Admin(server.Address).ExistsAsync(claim.Key));
        Assert.True(await session.ReleaseAsync(claim.Key, Token));
        Assert.Empty(await new Admin(server.Address).ChildrenAsync("/coordination/x"));
    }

    [Fact]
    public async Task A_claim_whose_node_and_the_resources_are_gone_before_the_queue_is_listed_is_refused()
    {
        // Too quick for anybody's hand and a real server.
        await using var server = new WireServer(static frame => WireServer.Frame(
        [
            .. frame.AsSpan(0, 4),
            .. WireServer.Hex("0000000000000009"),
            .. frame[7] switch
            {
                15 => [.. WireServer.Hex("00000000"), .. Numbered(frame), .. new byte[68]],
                12 => WireServer.Hex("ffffff9b"),
                _ => WireServer.Hex("00000000 00000001 2f"),
            },
        ]));
        await using var backend = ZooKeeperBackend.Create(server.Address);
        await using var session = await Run.OpenAsync(backend, seconds: 10);
        var claim = Run.Exclusive("x");
        Assert.Equal(ClaimOutcome.Refused, (await session.ClaimAsync(claim, Token)).Outcome);
        Assert.Equal(1, server.Frames.Count(static frame => frame[7] == 15));
        Assert.False(await session.ReleaseAsync(claim.Key, Token));

        // The path of a sequential node as it is asked for, and as it is made.
        static byte[] Numbered(byte[] frame)
        {
            var path = frame.AsSpan(12, BinaryPrimitives.ReadInt32BigEndian(frame.AsSpan(8)));
            return WireServer.Frame([.. path, .. "0000000007"u8]);
        }
    }

    [Fact]
    public async Task A_try_that_is_asked_about_again_ends_with_its_callers_time_though_its_withdrawal_is_not_answered()
    {
        await using var server = await Run.ServerAsync();
        await using var proxy = FaultProxy.Start(server.EndPoint);
        await using var holder = Run.Coordinator(server.Address);
        await using var held = await holder.CreateLock("x").AcquireAsync(Token);
        await using var backend = ZooKeeperBackend.Create($"{proxy.EndPoint}");
        await using var session = await Run.OpenAsync(backend, seconds: 600);
        var claim = Run.Exclusive("x") with { Intent = ClaimIntent.TryOnce };

        // It is entered, and the answer is lost.
        var lost = proxy.LoseReplyOf(FaultProxy.Mentions("/x/"), Frames.HasReply);
        await Assert.ThrowsAsync<CoordinationException>(async () => await session.ClaimAsync(claim, Token));
        await lost.WaitAsync(Token);

        // It is found, and waits: it is deleted, and no answer comes from then on.
        var deleted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = proxy.LoseReplyOf(piece =>
        {
            if (IsDelete(piece))
            {
                proxy.DropToClient = true;
                deleted.TrySetResult();
            }

            return false;
        });
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var asking = session.ClaimAsync(claim, limit.Token).AsTask();
        await deleted.Task.WaitAsync(TimeSpan.FromSeconds(60), Token);
        await limit.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    [Fact]
    public async Task A_claim_that_was_entered_twice_leaves_nothing_when_it_is_released()
    {
        // The first attempt was done after all, too late for those who looked for it.
        await using var server = await Run.ServerAsync();
        await using var proxy = FaultProxy.Start(server.EndPoint);
        await using var holder = Run.Coordinator(server.Address);
        await (await holder.CreateLock("x").AcquireAsync(Token)).ReleaseAsync(Token);
        await using var backend = ZooKeeperBackend.Create($"{proxy.EndPoint}");
        await using var session = await Run.OpenAsync(backend, seconds: 600);
        var claim = Run.Exclusive("x");
        proxy.DropToServer = true;
        var first = session.ClaimAsync(claim, Token).AsTask();
        proxy.Reset();
        proxy.DropToServer = false;
        await Assert.ThrowsAsync<CoordinationException>(() => first);
        Assert.Equal(ClaimOutcome.Granted, (await session.ClaimAsync(claim, Token)).Outcome);
        await using var client = await Admin.ConnectAsync(server.Address);
        await client.CreateAsync(
            "/coordination/x/" + ZooKeeperClaimName.Prefix(ClaimMode.Exclusive, 1, claim.Key.Id), default, ZooKeeperCreateMode.PersistentSequential, cancellationToken: Token);
        Assert.True(await session.ReleaseAsync(claim.Key, Token));
        Assert.Empty(await new Admin(server.Address).ChildrenAsync("/coordination/x"));
    }

    [Fact]
    public async Task A_server_that_hangs_up_on_every_session_at_once_is_not_stormed()
    {
        // A lower bound alone: the pauses are at least half of 20, 40, 80, 160, 320 and 640 ms.
        var connects = new ConcurrentQueue<long>();
        await using var server = new WireServer(static _ => null, () =>
        {
            connects.Enqueue(TimeProvider.System.GetTimestamp());
            return WireServer.Hex(WireServer.Session);
        });
        await using var client = await server.ConnectAsync();
        var adding = client.AddWatchAsync("/x", ZooKeeperWatchMode.Persistent, static _ => { }, Token);
        await Run.UntilAsync(() => Task.FromResult(connects.Count >= 8));
        var times = connects.ToArray();
        Assert.True(TimeProvider.System.GetElapsedTime(times[0], times[7]) > TimeSpan.FromMilliseconds(600));
        await client.DetachAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => adding);
    }

    // Whether one of the frames of a piece, in which several requests may come, is a delete.
    private static bool IsDelete(ReadOnlyMemory<byte> piece)
    {
        var rest = piece.Span;
        while (rest.Length >= 12)
        {
            if (BinaryPrimitives.ReadInt32BigEndian(rest[8..]) == 2)
            {
                return true;
            }

            rest = rest[Math.Min(4 + BinaryPrimitives.ReadInt32BigEndian(rest), rest.Length)..];
        }

        return false;
    }

    /// <summary>Holds whoever logs an event, until it is opened.</summary>
    private sealed class HeldLog(string name) : ILoggerFactory, ILogger
    {
        private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _open = new();

        public Task Arrived => _arrived.Task;

        public void Open() => _open.Set();

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Name == name)
            {
                _arrived.TrySetResult();
                _open.Wait();
            }
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Dispose() => Open();
    }
}
