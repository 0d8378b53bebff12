using System.Collections.Concurrent;
using StackExchange.Redis;

namespace Coordination.Redis;

/// <summary>Brings the driver's answer to its round, and is used again: a delegate for each master and round is what a round would mostly allocate.</summary>
internal sealed class RedlockAnswer
{
    private const int Most = 256;

    private static readonly ConcurrentQueue<RedlockAnswer> Rest = new();

    private readonly Action _onAnswer;
    private RedlockRound? _round;
    private Task<RedisResult>? _answer;
    private int _master;

    private RedlockAnswer() => _onAnswer = OnAnswer;

    /// <summary>Waits, on no thread.</summary>
    /// <param name="round">Who is told.</param>
    /// <param name="master">Of whom it is the answer.</param>
    /// <param name="answer">The answer. It comes, or a fault, however late.</param>
    public static void Await(RedlockRound round, int master, Task<RedisResult> answer)
    {
        if (answer.IsCompleted)
        {
            round.Answered(master, answer);
            return;
        }

        if (!Rest.TryDequeue(out var waiting))
        {
            waiting = new RedlockAnswer();
        }

        (waiting._round, waiting._master, waiting._answer) = (round, master, answer);
        answer.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(waiting._onAnswer);
    }

    private void OnAnswer()
    {
        var (round, master, answer) = (_round!, _master, _answer!);
        (_round, _answer) = (null, null);
        if (Rest.Count < Most)
        {
            Rest.Enqueue(this);
        }

        round.Answered(master, answer);
    }
}
