using Coordination;

Console.WriteLine(typeof(Coordinator).Name);
