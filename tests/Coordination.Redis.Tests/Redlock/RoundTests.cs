using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

namespace Coordination.Redis.Tests.Redlock;

/// <summary>What a round shows, to whom, when answers come late. On masters that answer when they are told to.</summary>
public sealed class RoundTests
{
    private readonly Master[] _masters = [new(), new(), new()];

    [Fact]
    public async Task What_comes_after_the_decision_is_seen_by_who_follows_and_not_by_who_judges()
    {
        await using var backend = Backend();
        var round = await DecidedAsync(backend);
        _masters[2].Answer(7);

        Assert.Equal(2, round.CountOf(RedlockRound.State.Reply));
        Assert.Equal(RedlockRound.State.Pending, round[2]);
        var followed = new List<(int Master, RedlockRound.State State)>();
        round.Follow((round, master) => followed.Add((master, round[master])));
        Assert.Equal([(0, RedlockRound.State.Reply), (1, RedlockRound.State.Reply), (2, RedlockRound.State.Reply)], followed);
    }

    [Fact]
    public async Task What_comes_when_it_is_followed_is_passed_on_at_once()
    {
        await using var backend = Backend();
        var round = await DecidedAsync(backend);
        var followed = new List<(int Master, RedlockRound.State State)>();
        round.Follow((round, master) => followed.Add((master, round[master])));
        _masters[2].Answer(-1);
        Assert.Equal((2, RedlockRound.State.Out), followed[^1]);
    }

    [Fact]
    public async Task A_master_that_was_not_silent_is_waited_for()
    {
        await using var backend = Backend();
        backend.Heard(2, RedlockRound.State.Fault);
        backend.Heard(2, RedlockRound.State.Reply);
        var round = Start(backend);
        _masters[0].Answer(7);
        _masters[1].Answer(7);
        Assert.Equal(1, round.CountOfAwaited());
        _masters[2].Answer(7);
        await round.WaitAsync();
        Assert.Equal(3, round.CountOf(RedlockRound.State.Reply));
    }

    // By two of them; the third was silent before.
    private async Task<RedlockRound> DecidedAsync(RedlockBackend backend)
    {
        backend.Heard(2, RedlockRound.State.Fault);
        var round = Start(backend);
        _masters[0].Answer(7);
        _masters[1].Answer(7);
        await round.WaitAsync();
        return round;
    }

    private static RedlockRound Start(RedlockBackend backend) => RedlockRound.Start(
        backend, RedlockScripts.Inspect, backend.Arguments("x", 0), "inspect", "x", static round => round.CountOfAwaited() == 0, TestContext.Current.CancellationToken);

    private RedlockBackend Backend() => new(new RedlockBackendOptions(), NullLogger.Instance, _masters, TimeProvider.System, new Random(1));

    private sealed class Master : IRedlockMaster
    {
        private readonly TaskCompletionSource<RedisResult> _answer = new();

        public event Action? Restored
        {
            add { }
            remove { }
        }

        public string Name => "master";

        public void Answer(long reply) => _answer.SetResult(RedisResult.Create(reply));

        public ValueTask<RedisResult> EvaluateAsync(
            RedisScript script, RedisArguments arguments, string operation, string? resource, CancellationToken cancellationToken) => new(_answer.Task);

        public Task SubscribeAsync(RedisChannel channel, Action<RedisChannel, RedisValue> handler, CancellationToken cancellationToken) => Task.CompletedTask;

        public void Unsubscribe(RedisChannel channel, Action<RedisChannel, RedisValue> handler)
        {
        }

        public ValueTask DisposeAsync() => default;
    }
}
