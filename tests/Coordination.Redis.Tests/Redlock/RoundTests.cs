using Coordination.Conformance;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

namespace Coordination.Redis.Tests.Redlock;

/// <summary>What a round shows, to whom, when answers come late. On masters that answer when they are told to.</summary>
public sealed class RoundTests
{
    private readonly ManualClock _time = new();
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

    [Fact]
    public async Task A_script_that_a_master_does_not_know_is_sent_as_text()
    {
        await using var backend = Backend();
        Connect();
        var round = Start(backend, static round => round.CountOf(RedlockRound.State.Reply) == 3);
        _masters[0].Answer(7);
        _masters[1].Answer(7);
        _masters[2].Fail(new RedisServerException(RedisErrorKind.NoScript, CommandFlags.None, "NOSCRIPT No matching script."));
        Assert.Equal(RedlockRound.State.Pending, round[2]);
        Assert.Equal(1, _masters[2].Texts);
        _masters[2].AnswerText(7);
        await round.WaitAsync();
        Assert.Equal(3, round.CountOf(RedlockRound.State.Reply));
        Assert.Equal(0, _masters[0].Texts);
    }

    [Fact]
    public async Task A_fault_of_the_driver_is_told_as_the_library_tells_it()
    {
        await using var backend = Backend();
        Connect();
        var round = Start(backend, static round => round.CountOf(RedlockRound.State.Fault) == 1);
        _masters[1].Fail(new RedisServerException(RedisErrorKind.WrongType, CommandFlags.None, "WRONGTYPE Operation against a key holding the wrong kind of value"));
        await round.WaitAsync();
        Assert.Contains("inspect 'x'", Assert.IsType<CoordinationException>(round.Fault()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_has_had_its_time_is_a_fault_and_what_it_says_later_is_nobodys()
    {
        await using var backend = Backend();
        Connect();
        var round = Start(backend, static _ => false);
        _masters[0].Answer(7);
        _masters[1].Answer(7);
        _time.Advance(backend.MasterTimeout);
        await round.WaitAsync();
        Assert.Equal(RedlockRound.State.Fault, round[2]);
        var followed = new List<int>();
        round.Follow((_, master) => followed.Add(master));
        _masters[2].Answer(7);
        Assert.Equal(RedlockRound.State.Fault, round[2]);
        Assert.Equal([0, 1, 2], followed);
    }

    [Fact]
    public async Task Arguments_are_used_again_when_all_masters_have_answered()
    {
        await using var backend = Backend();
        var arguments = await DecidedWithPooledArgumentsAsync(backend);
        Assert.NotSame(arguments, backend.ClaimArguments.Rent());
        _masters[2].Answer(7);
        Assert.Same(arguments, backend.ClaimArguments.Rent());
    }

    // It is owed them, whenever it answers.
    [Fact]
    public async Task Arguments_of_which_a_master_has_not_answered_in_its_time_are_not_used_again()
    {
        await using var backend = Backend();
        var arguments = await DecidedWithPooledArgumentsAsync(backend);
        _time.Advance(backend.MasterTimeout);
        _masters[2].Answer(7);
        arguments.Return();
        Assert.NotSame(arguments, backend.ClaimArguments.Rent());
    }

    // By two of them; the third may answer still.
    private async Task<RedisArguments> DecidedWithPooledArgumentsAsync(RedlockBackend backend)
    {
        Connect();
        var arguments = backend.ClaimArguments.Rent();
        var round = Start(backend, static round => round.CountOf(RedlockRound.State.Reply) == 2, arguments);
        _masters[0].Answer(7);
        _masters[1].Answer(7);
        await round.WaitAsync();
        return arguments;
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

    private static RedlockRound Start(RedlockBackend backend, Func<RedlockRound, bool>? isDecided = null, RedisArguments? arguments = null) => RedlockRound.Start(
        backend,
        RedlockScripts.Inspect,
        arguments ?? backend.Arguments("x", 0),
        "inspect",
        "x",
        isDecided ?? (static round => round.CountOfAwaited() == 0),
        TestContext.Current.CancellationToken);

    // From here on there are connections, and the driver's own answers are awaited.
    private void Connect() => Array.ForEach(_masters, static master => master.IsConnected = true);

    private RedlockBackend Backend() => new(new RedlockBackendOptions(), NullLogger.Instance, _masters, _time, new Random(1));

    private sealed class Master : IRedlockMaster
    {
        private readonly TaskCompletionSource<RedisResult> _answer = new();
        private readonly TaskCompletionSource<RedisResult> _answerToText = new();

        public bool IsConnected { get; set; }

        public int Texts { get; private set; }

        public event Action? Restored
        {
            add { }
            remove { }
        }

        public string Name => "master";

        public void Answer(long reply) => _answer.SetResult(RedisResult.Create(reply));

        public void AnswerText(long reply) => _answerToText.SetResult(RedisResult.Create(reply));

        public void Fail(Exception fault) => _answer.SetException(fault);

        public Task<RedisResult>? TrySend(RedisScript script, RedisArguments arguments) => IsConnected ? _answer.Task : null;

        public ValueTask<RedisResult> EvaluateTextAsync(
            RedisScript script, RedisArguments arguments, string operation, string? resource, CancellationToken cancellationToken)
        {
            Texts++;
            return new(_answerToText.Task);
        }

        public ValueTask<RedisResult> EvaluateAsync(
            RedisScript script, RedisArguments arguments, string operation, string? resource, CancellationToken cancellationToken) => new(_answer.Task);

        public Task SubscribeAsync(RedisChannel channel, Action<RedisChannel, RedisValue> handler, CancellationToken cancellationToken) => Task.CompletedTask;

        public void Unsubscribe(RedisChannel channel, Action<RedisChannel, RedisValue> handler)
        {
        }

        public ValueTask DisposeAsync() => default;
    }
}
