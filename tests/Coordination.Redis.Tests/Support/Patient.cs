namespace Coordination.Redis.Tests.Support;

/// <summary>For backends that no engine asks again.</summary>
internal static class Patient
{
    /// <summary>
    /// What is added to a configuration whose first call must not fail because the machine is busy: the library gives a connection three seconds, so that its engine can ask again.
    /// Not for tests of servers that are out of reach, which would take as long.
    /// </summary>
    public const string Connection = ",connectTimeout=20000,asyncTimeout=20000";
}
